/** The upstream has the task: the answer to a submit, or a task that reconciliation found. */
import { type AttemptState, type GenerationKind, isTerminal, slotKindOf } from '@reelay/contracts/domain';
import type { Operation } from '@reelay/contracts/provider';
import type { Database, Transaction } from '../client.js';
import { type LockedGeneration, lockGeneration } from '../generations/lock-generation.js';
import { type PublishedEvent, progressGenerations } from '../generations/progress-generations.js';
import { addLitter } from '../litter/add-litter.js';
import { type NotedLitter, noteLitter } from '../litter/note-litter.js';
import { noteProxyAnswer } from '../proxies/proxy-circuit.js';
import { applyTokenEvent } from '../tokens/apply-token-event.js';
import { inTransaction, isUniqueViolation } from '../transaction.js';
import { bookUsage } from '../usage/book-usage.js';
import { forgetPrepared } from './close-attempt.js';

export interface AcknowledgeSubmit {
  attemptId: string;
  generationId: string;
  tokenId: string;
  operation: Operation;
  /** Reconciliation may only take up what is still `unknown`; an answer also moves `sent`. */
  from: readonly ('sent' | 'unknown')[];
  /** What the task leaves upstream; removed when the generation has ended. */
  litter?: readonly NotedLitter[];
  /** Of the row that accounts for the task itself when its answer comes too late. */
  litterId: string;
}

/**
 * - `acked`: this call did it. `already`: the attempt has this very operation.
 * - `late`: the attempt was closed as absent or lost before the answer came; the task is noted as litter. From reconciliation it only
 *   means that the attempt was resolved meanwhile: a task seen on a list is nobody's answer, and may belong to the next attempt.
 * - `taken`: another attempt on the token owns an operation of this id, so this one cannot be told from it.
 */
export interface Acknowledgement {
  outcome: 'acked' | 'already' | 'late' | 'taken';
  events: PublishedEvent[];
}

export async function acknowledgeSubmit(database: Database, ack: AcknowledgeSubmit): Promise<Acknowledgement> {
  try {
    return await inTransaction(database, async (tx) => {
      const generation = await lockGeneration(tx, ack.generationId);
      const [acked] = await tx.$queryRaw<AckedAttempt[]>`
        UPDATE submit_attempt SET state = 'acked', acked_at = now(), reason = NULL,
          operation_id = ${ack.operation.id}, operation = ${JSON.stringify(ack.operation)}::jsonb
        WHERE id = ${ack.attemptId} AND state = ANY(${[...ack.from]}::text[])
        RETURNING takes_turn AS "takesTurn", (SELECT kind FROM generation WHERE id = generation_id) AS kind`;
      if (!acked) {
        const outcome = await whyNot(tx, ack);
        if (ack.from.includes('sent')) await keepLitter(tx, ack, generation);
        return { outcome, events: [] };
      }
      if (generation && isTerminal(generation.state)) await forgetPrepared(tx, ack.attemptId);
      await keepLitter(tx, ack, generation);
      await tellToken(tx, ack.tokenId, acked);
      await bookUsage(tx, ack.generationId);
      await noteProxyAnswer(tx, ack.attemptId);
      const rendering = { generationId: ack.generationId, stage: 'rendering' } as const;
      return { outcome: 'acked', events: await progressGenerations(tx, [rendering]) };
    });
  } catch (error) {
    if (isUniqueViolation(error)) return { outcome: 'taken', events: [] };
    throw error;
  }
}

interface AckedAttempt {
  kind: GenerationKind;
  takesTurn: boolean;
}

async function whyNot(tx: Transaction, ack: AcknowledgeSubmit): Promise<'already' | 'late'> {
  const [attempt] = await tx.$queryRaw<{ state: AttemptState; operation_id: string | null }[]>`
    SELECT state, operation_id FROM submit_attempt WHERE id = ${ack.attemptId}`;
  if (attempt?.operation_id === ack.operation.id) return 'already';
  if (!ack.from.includes('sent')) return 'late';
  // Nothing removes it upstream; the row accounts for it and keeps it from being adopted by the next unknown attempt.
  await addLitter(tx, {
    id: ack.litterId,
    tokenId: ack.tokenId,
    attemptId: ack.attemptId,
    kind: 'late_answer',
    reference: { operationId: ack.operation.id },
  });
  return 'late';
}

/** Also of an answer that came too late: what it made is there, and another attempt of the generation may still be using it. */
async function keepLitter(tx: Transaction, ack: AcknowledgeSubmit, generation?: LockedGeneration): Promise<void> {
  const { tokenId, attemptId, litter = [] } = ack;
  const awaitsEnd = generation !== undefined && !isTerminal(generation.state);
  await noteLitter(tx, { tokenId, attemptId, litter, awaitsEnd });
}

/**
 * The account works. What is spent of its quota is not counted on any more; the next inspection brings the true number. It is a number of
 * videos: a picture does not count, nor does a step on the way to a video, which is not found by elimination.
 */
async function tellToken(tx: Transaction, tokenId: string, { kind, takesTurn }: AckedAttempt): Promise<void> {
  const type = kind === 'video' && takesTurn ? 'acknowledged' : 'succeeded';
  await applyTokenEvent(tx, tokenId, { type, slotKind: slotKindOf(kind) ?? 'video' });
}
