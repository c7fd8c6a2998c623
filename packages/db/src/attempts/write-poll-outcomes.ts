/**
 * All outcomes of one poll in one transaction: what is over frees its slot in it or hands it to the next step, and what is to be fetched
 * is stored in it.
 */
import type { StoredError } from '@reelay/contracts/errors';
import type { MediaSource, Operation } from '@reelay/contracts/provider';
import type { Database, Transaction } from '../client.js';
import { endGeneration } from '../generations/end-generation.js';
import { lockGenerations } from '../generations/lock-generation.js';
import { type ProgressUpdate, type PublishedEvent, progressGenerations } from '../generations/progress-generations.js';
import type { ResultExtras } from '../generations/result-extras.js';
import { inTransaction } from '../transaction.js';
import { type EndedStep, openNextSteps } from './open-next-steps.js';

export interface PollOutcomes {
  pending: { attemptId: string; progress: number }[];
  /** Progress that clients are to be told. */
  progressed: (ProgressUpdate & { attemptId: string })[];
  done: DoneOutcome[];
  /** Steps that are over where another one follows. */
  next: (EndedStep & { operation: Operation })[];
  refused: { attemptId: string; generationId: string; error: StoredError }[];
}

export interface DoneOutcome {
  attemptId: string;
  generationId: string;
  operation: Operation;
  media: MediaSource[];
  /** What the upstream gave besides media, for the result. */
  extras?: ResultExtras | undefined;
}

export interface WrittenOutcomes {
  /** Attempts this call closed; their slots are free. */
  closed: string[];
  /** Generations whose media are to be fetched now. */
  fetching: string[];
  /** Generations whose next step is to be run now. */
  stepped: string[];
  events: PublishedEvent[];
}

/** Touches only attempts that are still `acked`: of two polls at once, the second changes nothing. */
export async function writePollOutcomes(
  database: Database,
  outcomes: PollOutcomes,
  beforeCommit: () => void = () => {},
): Promise<WrittenOutcomes> {
  const { done, next, refused, progressed } = outcomes;
  const generationIds = [...done, ...next, ...refused, ...progressed].map((item) => item.generationId);
  return inTransaction(database, async (tx) => {
    await lockGenerations(tx, generationIds);
    await writeAttemptProgress(tx, outcomes.pending);
    const closed = await closeEnded(tx, outcomes);
    const isClosed = ({ attemptId }: { attemptId: string }) => closed.has(attemptId);
    // Before the slots are freed: a step that follows another takes over its slot, and nobody may take it in between.
    const stepped = await openNextSteps(tx, next.filter(isClosed));
    await freeSlots(tx, closed);
    const fetching = await storeMediaSources(tx, done.filter(isClosed));
    const events = await progressGenerations(tx, [
      ...(await dropOvertaken(tx, progressed)),
      ...fetching.map((generationId) => ({ generationId, stage: 'fetching' as const, progress: 99 })),
    ]);
    events.push(...stepped);
    for (const { attemptId, generationId, error } of refused) {
      if (!closed.has(attemptId)) continue;
      const event = await endGeneration(tx, generationId, { state: 'failed', error });
      if (event) events.push(event);
    }
    beforeCommit();
    return { closed: [...closed], fetching, stepped: stepped.map((event) => event.generationId), events };
  });
}

async function writeAttemptProgress(tx: Transaction, pending: PollOutcomes['pending']): Promise<void> {
  if (pending.length === 0) return;
  await tx.$executeRaw`
    UPDATE submit_attempt AS attempt SET progress = heard.progress
    FROM jsonb_to_recordset(${JSON.stringify(pending)}::jsonb) AS heard ("attemptId" text, progress integer)
    WHERE attempt.id = heard."attemptId" AND state = 'acked' AND attempt.progress < heard.progress`;
}

async function closeEnded(tx: Transaction, outcomes: PollOutcomes): Promise<Set<string>> {
  const ended = [
    ...[...outcomes.done, ...outcomes.next].map(({ attemptId, operation }) => ({ attemptId, operation })),
    ...outcomes.refused.map(({ attemptId, error }) => ({ attemptId, reason: `${error.code}: ${error.message}` })),
  ];
  if (ended.length === 0) return new Set();
  const rows = await tx.$queryRaw<{ id: string }[]>`
    UPDATE submit_attempt AS attempt SET
      state = 'ended', closed_at = now(), reason = ended.reason, operation = coalesce(ended.operation, attempt.operation),
      draft_id = coalesce(ended.operation ->> 'draftId', draft_id)
    FROM jsonb_to_recordset(${JSON.stringify(ended)}::jsonb) AS ended ("attemptId" text, operation jsonb, reason text)
    WHERE attempt.id = ended."attemptId" AND state = 'acked'
    RETURNING attempt.id`;
  return new Set(rows.map((row) => row.id));
}

/** What an older round says of a step that is over must not take its generation, which prepares the next one, back to rendering. */
async function dropOvertaken(tx: Transaction, progressed: PollOutcomes['progressed']): Promise<ProgressUpdate[]> {
  if (progressed.length === 0) return [];
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM submit_attempt WHERE id = ANY(${progressed.map((update) => update.attemptId)}::text[]) AND state = 'acked'`;
  const current = new Set(rows.map((row) => row.id));
  return progressed.filter((update) => current.has(update.attemptId));
}

async function freeSlots(tx: Transaction, attemptIds: ReadonlySet<string>): Promise<void> {
  if (attemptIds.size === 0) return;
  await tx.$executeRaw`DELETE FROM token_slot WHERE attempt_id = ANY(${[...attemptIds]}::text[])`;
}

/** A generation that ended meanwhile (cancelled, too late) gets nothing: its media are not fetched. */
async function storeMediaSources(tx: Transaction, done: PollOutcomes['done']): Promise<string[]> {
  if (done.length === 0) return [];
  const sources = done.map(({ generationId, media, extras }) => ({ generationId, media, extras }));
  const rows = await tx.$queryRaw<{ id: string }[]>`
    UPDATE generation SET media_sources = done.media, extras = done.extras
    FROM jsonb_to_recordset(${JSON.stringify(sources)}::jsonb) AS done ("generationId" text, media jsonb, extras jsonb)
    WHERE id = done."generationId" AND state = 'running'
    RETURNING id`;
  return rows.map((row) => row.id);
}
