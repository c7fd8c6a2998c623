/** A chat completion in one piece: waits for the end, or answers before the client's own patience ends that it goes on. */
import type { GatewayParts } from '../gateway-parts.js';
import type { Delivery } from '../generations/delivery.js';
import { failureOf, type GenerationReference, restarting, stillRunning } from '../generations/generation-error.js';
import type { PlannedWork } from '../generations/planned-work.js';
import { chatCompletionObject, describeResult } from './chat-answer.js';

export interface AnswerChat {
  work: PlannedWork;
  reference: GenerationReference;
  delivery: Delivery;
}

/**
 * Undefined when the client is gone.
 * @throws AppError `still_running`, `gateway_restarting`, or what the generation failed with
 */
export async function answerChat(parts: GatewayParts, chat: AnswerChat): Promise<object | undefined> {
  const { work, reference, delivery } = chat;
  try {
    const { 'generation.waitMs': waitMs } = await parts.settings.read();
    const enough = AbortSignal.any([delivery.gone, parts.stopping, AbortSignal.timeout(waitMs)]);
    const end = await parts.hub.waitForEnd(reference.id, enough);
    if (delivery.gone.aborted) return undefined;
    if (!end) throw parts.stopping.aborted ? restarting(reference) : stillRunning(reference, waitMs);
    delivery.carryResult();
    if (end.type !== 'generation.succeeded') throw failureOf(end.data.error, reference);
    const answer = await describeResult(end.data.result, work, parts.links, reference.publicUrl);
    const created = Math.floor(Date.now() / 1000);
    return chatCompletionObject({ reference, created, work, answer });
  } catch (error) {
    if (!delivery.carriesResult) await delivery.giveUp();
    throw error;
  }
}
