/** Everything a run job must know before it decides what to do next, in one read. */
import type { AttemptState, GenerationState, Stage } from '@reelay/contracts/domain';
import { type GenerationRequest, generationRequestSchema } from '@reelay/contracts/generation-request';
import type { Json } from '@reelay/contracts/provider';
import { routeKey } from '../attempts/route-key.js';
import type { Database } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';

export interface RunSubject {
  generationId: string;
  state: GenerationState;
  stage: Stage;
  lane: string;
  provider: string;
  request: GenerationRequest;
  /** 1 for the first. */
  step: number;
  /** What the step before handed on; null in the first. */
  carried: Json;
  fence: bigint;
  deferrals: number;
  /** What `prepare` gave for this assignment; null when it has not run. */
  prepared: Json;
  /** Time until the generation may be run; 0 or less when it may. */
  waitMs: number;
  /** Undefined while the generation waits for a token. */
  token: { id: string; target: string } | undefined;
  /** The one attempt of the present step that is not closed. */
  attempt: OpenAttempt | undefined;
}

export interface OpenAttempt {
  id: string;
  state: AttemptState;
  /** Names the proxy it leaves through, see `route-key.ts`. */
  routeKey: string;
  /** Time since `sent`; undefined before. */
  sentAgoMs: number | undefined;
}

export async function findRunSubject(database: Database, generationId: string): Promise<RunSubject | undefined> {
  const [row] = await queryDriver<Row>(
    database,
    Prisma.sql`
    SELECT generation.id, generation.state, stage, lane, generation.provider, request, generation.step, carried,
      generation.fence, deferrals, prepared,
      coalesce(extract(epoch FROM not_before - now()) * 1000, 0)::float8 AS wait_ms,
      generation.token_id, target, attempt.id AS attempt_id, attempt.state AS attempt_state,
      ${routeKey} AS route_key,
      (extract(epoch FROM now() - sent_at) * 1000)::float8 AS sent_ago_ms
    FROM generation
    LEFT JOIN token ON token.id = generation.token_id
    LEFT JOIN submit_attempt AS attempt ON attempt.generation_id = generation.id AND attempt.step = generation.step
      AND attempt.state IN ('intent', 'sent', 'acked', 'unknown')
    WHERE generation.id = ${generationId}`,
  );
  return row && toSubject(row);
}

interface Row {
  id: string;
  state: GenerationState;
  stage: Stage;
  lane: string;
  provider: string;
  request: unknown;
  step: number;
  carried: Json;
  fence: bigint;
  deferrals: number;
  prepared: Json;
  wait_ms: number;
  token_id: string | null;
  target: string | null;
  attempt_id: string | null;
  attempt_state: AttemptState | null;
  route_key: string;
  sent_ago_ms: number | null;
}

function toSubject(row: Row): RunSubject {
  const { token_id: tokenId, target, attempt_id: attemptId, attempt_state: attemptState } = row;
  return {
    generationId: row.id,
    state: row.state,
    stage: row.stage,
    lane: row.lane,
    provider: row.provider,
    request: generationRequestSchema.parse(row.request),
    step: row.step,
    carried: row.carried,
    fence: row.fence,
    deferrals: row.deferrals,
    prepared: row.prepared,
    waitMs: row.wait_ms,
    token: tokenId !== null && target !== null ? { id: tokenId, target } : undefined,
    attempt:
      attemptId !== null && attemptState !== null
        ? {
            id: attemptId,
            state: attemptState,
            routeKey: row.route_key,
            sentAgoMs: row.sent_ago_ms ?? undefined,
          }
        : undefined,
  };
}
