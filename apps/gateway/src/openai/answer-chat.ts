/** A chat completion in one piece: waits for the end, or answers before the client's own patience ends that it goes on. */
import type { GenerationResult } from '@reelay/contracts/generation-request';
import type { GatewayParts } from '../gateway-parts.js';
import type { Delivery } from '../generations/delivery.js';
import type { GenerationReference } from '../generations/generation-error.js';
import type { PlannedWork } from '../generations/planned-work.js';
import { waitForResult } from '../generations/wait-for-result.js';
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
  const describe = async (result: GenerationResult) => {
    const answer = await describeResult(result, work, parts.links, reference.publicUrl);
    return chatCompletionObject({ reference, created: Math.floor(Date.now() / 1000), work, answer });
  };
  return waitForResult(parts, { reference, delivery, describe });
}
