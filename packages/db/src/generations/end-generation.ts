/** The only writer of a terminal state: state, terminal event, webhooks, intent attempt, slot, litter and usage in one transaction. */
import type { TerminalState } from '@reelay/contracts/domain';
import { errorRegistry, type StoredError } from '@reelay/contracts/errors';
import type { GenerationEvent } from '@reelay/contracts/events';
import type { GenerationResult } from '@reelay/contracts/generation-request';
import type { Fault } from '@reelay/contracts/upstream-error';
import { closeAttempt } from '../attempts/close-attempt.js';
import type { Transaction } from '../client.js';
import { releaseLitter } from '../litter/note-litter.js';
import { type EndedGeneration, noteGenerationEnd } from '../webhooks/note-generation-end.js';
import type { PublishedEvent } from './progress-generations.js';

export type GenerationEnd =
  | { state: 'succeeded'; result: GenerationResult }
  /** `fault` where the code alone does not tell it: the same refusal may be the client's fault or the account's. */
  | { state: 'failed' | 'cancelled'; error: StoredError; fault?: Fault };

/**
 * Ends a generation exactly once; undefined when it had ended before. A later state than `intent` of its attempt is left alone:
 * what the upstream has keeps its slot until it is closed by a poll. Publish the event after the commit, then ring `dispatch`.
 */
export async function endGeneration(
  tx: Transaction,
  generationId: string,
  end: GenerationEnd,
): Promise<PublishedEvent | undefined> {
  const result = end.state === 'succeeded' ? JSON.stringify(end.result) : null;
  const error = end.state === 'succeeded' ? null : JSON.stringify(end.error);
  const [ended] = await tx.$queryRaw<(Omit<EndedGeneration, 'id'> & { seq: number })[]>`
    UPDATE generation SET
      state = ${end.state}, stage = 'ended', seq = seq + 1, completed_at = now(), media_sources = NULL, extras = NULL,
      -- By it the task of a submit that is not resolved may still have to be looked for.
      prepared = CASE WHEN EXISTS (
        SELECT FROM submit_attempt WHERE generation_id = ${generationId} AND submit_attempt.state IN ('sent', 'unknown')
      ) THEN prepared END,
      progress = CASE WHEN ${end.state} = 'succeeded' THEN 100 ELSE progress END,
      result = ${result}::jsonb, error = ${error}::jsonb, fault = ${faultOf(end)}
    WHERE id = ${generationId} AND state IN ('queued', 'running')
    RETURNING seq, owner_id AS "ownerId", dialect, kind`;
  if (!ended) return undefined;
  const event = terminalEvent(ended.seq, end);
  await tx.$executeRaw`
    INSERT INTO generation_event (generation_id, seq, type, data)
    VALUES (${generationId}, ${event.seq}, ${event.type}, ${JSON.stringify(event.data)}::jsonb)`;
  await noteGenerationEnd(tx, { id: generationId, ...ended }, end.state);
  const intents = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM submit_attempt WHERE generation_id = ${generationId} AND state = 'intent' FOR UPDATE`;
  for (const { id } of intents) {
    await closeAttempt(tx, { attemptId: id, from: ['intent'], to: 'not_sent', reason: `generation ${end.state}` });
  }
  await releaseLitter(tx, generationId);
  await tx.$executeRaw`UPDATE usage SET state = 'released' WHERE generation_id = ${generationId} AND state = 'reserved'`;
  return { generationId, event };
}

function faultOf(end: GenerationEnd): Fault | null {
  if (end.state !== 'failed') return null;
  return end.fault ?? (errorRegistry[end.error.code].type === 'invalid_request_error' ? 'client' : null);
}

function terminalEvent(seq: number, end: GenerationEnd): GenerationEvent {
  if (end.state === 'succeeded') return { type: 'generation.succeeded', seq, data: { result: end.result } };
  const type = `generation.${end.state satisfies TerminalState}` as const;
  return { type, seq, data: { error: end.error } };
}
