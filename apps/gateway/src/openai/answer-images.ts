/** The images of a request in one answer, when all are there; or, before the client's own patience ends, that they go on. */
import type { ImageForm } from '@reelay/contracts/openai/images';
import { Deadline } from '@reelay/platform/deadline';
import type { TerminalEvent } from '../events/watch-hub.js';
import type { GatewayParts } from '../gateway-parts.js';
import type { Delivery } from '../generations/delivery.js';
import { type GenerationReference, restarting, stillRunning, withGroup } from '../generations/generation-error.js';
import type { PlannedWork } from '../generations/planned-work.js';
import { toAppError } from '../http/to-app-error.js';
import { describeImages, type FinishedImage, imagesOf } from './image-answer.js';
import { imageFailureOf } from './image-failure.js';

export interface AnswerImages {
  work: PlannedWork;
  form: ImageForm;
  /** All generations of the request, in their order. */
  references: readonly [GenerationReference, ...GenerationReference[]];
  delivery: Delivery;
}

/**
 * Undefined when the client is gone. One that failed is the answer to all; the others are kept, and the error names them.
 * @throws AppError `still_running`, `gateway_restarting`, or what the first of them failed with
 */
export async function answerImages(
  parts: GatewayParts,
  images: AnswerImages,
): Promise<object | AsyncIterable<string> | undefined> {
  const { references, delivery, work, form } = images;
  const [first] = references;
  let enough: Deadline | undefined;
  try {
    const { 'generation.waitMs': waitMs } = await parts.settings.read();
    enough = new Deadline({ timeoutMs: waitMs, signals: [delivery.gone, parts.stopping] });
    const { signal } = enough;
    const ends = await Promise.all(references.map(({ id }) => parts.hub.waitForEnd(id, signal)));
    if (delivery.gone.aborted) return undefined;
    if (!ends.every((end) => end !== undefined))
      throw parts.stopping.aborted ? restarting(first) : stillRunning(first, waitMs);
    if (ends.some((end) => end?.type !== 'generation.succeeded')) delivery.carryResult();
    const finished = references.flatMap((reference, index) => finishedBy(ends[index], reference));
    const answer = await describeImages(parts, { images: finished, form, work, publicUrl: first.publicUrl });
    delivery.carryResult();
    return answer;
  } catch (error) {
    if (!delivery.carriesResult) await delivery.giveUp();
    throw withGroup(toAppError(error), references);
  } finally {
    // Where one of them failed nobody waits for the others.
    enough?.end();
  }
}

/** @throws AppError what it failed with */
export function finishedBy(end: TerminalEvent | undefined, reference: GenerationReference): FinishedImage[] {
  if (end?.type === 'generation.succeeded') return imagesOf(reference.id, end.data.result);
  throw end ? imageFailureOf(end.data.error, reference) : stillRunning(reference, 0);
}
