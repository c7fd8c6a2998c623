/** What a poll works on: a token's attempts that are or may be upstream, with where their generations stand. */
import type { AttemptState, GenerationKind, GenerationState, Stage } from '@reelay/contracts/domain';
import type { Workflow } from '@reelay/contracts/generation-request';
import type { Operation } from '@reelay/contracts/provider';
import type { Database } from '../client.js';
import type { KnownBefore } from './begin-send.js';
import { routeKey } from './route-key.js';

export interface PolledAttempt {
  id: string;
  generationId: string;
  state: Extract<AttemptState, 'sent' | 'acked' | 'unknown'>;
  step: number;
  fence: bigint;
  /** Whether its task is on the token's lists and is found by elimination there. */
  takesTurn: boolean;
  /** Equal for attempts that leave through the same proxy. */
  routeKey: string;
  knownBefore: KnownBefore | null;
  sentAgoMs: number;
  /** Time since the upstream is known to have it; null before. */
  ackedAgoMs: number | null;
  operation: Operation | null;
  /** The last the upstream said, whole percent. */
  progress: number;
  generation: {
    kind: GenerationKind;
    workflow: Workflow;
    lane: string;
    state: GenerationState;
    stage: Stage;
    progress: number;
    /** Time since its last event, for a client is told at most once a second. */
    lastEventAgoMs: number | null;
  };
}

export interface PolledToken {
  id: string;
  provider: string;
  target: string;
  usedByPeople: boolean;
  attempts: PolledAttempt[];
}

/** Undefined when there is no such token. */
export async function findOpenAttempts(database: Database, tokenId: string): Promise<PolledToken | undefined> {
  const [token] = await database.$queryRaw<Omit<PolledToken, 'attempts'>[]>`
    SELECT id, provider, target, used_by_people AS "usedByPeople" FROM token WHERE id = ${tokenId}`;
  if (!token) return undefined;
  const attempts = await database.$queryRaw<PolledAttempt[]>`
    SELECT attempt.id, attempt.generation_id AS "generationId", attempt.state, attempt.step, attempt.fence,
      takes_turn AS "takesTurn", ${routeKey} AS "routeKey", operation, attempt.progress,
      CASE WHEN attempt.state = 'unknown' THEN known_before END AS "knownBefore",
      (extract(epoch FROM now() - sent_at) * 1000)::float8 AS "sentAgoMs",
      (extract(epoch FROM now() - acked_at) * 1000)::float8 AS "ackedAgoMs",
      jsonb_build_object('kind', kind, 'workflow', coalesce(request ->> 'workflow', 'video'), 'lane', lane,
        'state', generation.state, 'stage', stage, 'progress', generation.progress,
        'lastEventAgoMs', extract(epoch FROM now() - last_event.created_at) * 1000) AS generation
    FROM submit_attempt AS attempt
    JOIN generation ON generation.id = attempt.generation_id
    LEFT JOIN generation_event AS last_event ON last_event.generation_id = generation.id AND last_event.seq = generation.seq
    WHERE attempt.token_id = ${tokenId} AND attempt.state IN ('sent', 'acked', 'unknown')
    ORDER BY attempt.sent_at, attempt.id`;
  return { ...token, attempts };
}

/** Those of the ids that are operations of ours on this token, known from an attempt or from an answer that came too late. */
export async function findOwnedOperations(
  database: Database,
  tokenId: string,
  operationIds: readonly string[],
): Promise<Set<string>> {
  const rows = await database.$queryRaw<{ operation_id: string }[]>`
    SELECT operation_id FROM submit_attempt
    WHERE token_id = ${tokenId} AND operation_id = ANY(${[...operationIds]}::text[])
    UNION
    SELECT reference ->> 'operationId' FROM upstream_litter
    WHERE token_id = ${tokenId} AND kind = 'late_answer' AND reference ->> 'operationId' = ANY(${[...operationIds]}::text[])`;
  return new Set(rows.map((row) => row.operation_id));
}
