/** The images of a request as they are finished, each in an event of its own (openai-wire 2.4). No upstream of today has partial ones. */
import type { ServerResponse } from 'node:http';
import type { AppError } from '@reelay/contracts/errors';
import type { Settings } from '@reelay/contracts/settings';
import type { GatewayParts } from '../gateway-parts.js';
import { restarting, withGroup } from '../generations/generation-error.js';
import { toAppError } from '../http/to-app-error.js';
import type { AnswerImages } from './answer-images.js';
import { errorLine, keepAliveComment } from './chat-chunks.js';
import { describeCompleted, type FinishedImage, imagesOf } from './image-answer.js';
import { imageFailureOf } from './image-failure.js';
import { imageObject } from './image-pieces.js';
import { StreamWriter, streamOptionsOf } from './stream-writer.js';

export interface StreamImages extends Omit<AnswerImages, 'form'> {
  response: ServerResponse;
  settings: Settings;
  /** `image_generation.completed` or `image_edit.completed`. */
  completedType: string;
}

/** One that failed does not hold back the others: its error is the last word. */
export async function streamImages(parts: GatewayParts, stream: StreamImages): Promise<void> {
  const { delivery, references } = stream;
  const writer = new StreamWriter(stream.response, streamOptionsOf(stream.settings));
  // The first image takes seconds: a client (or a proxy on the way) shall see before that the stream is alive.
  await writer.write(keepAliveComment);
  try {
    let failure: AppError | undefined;
    for await (const { reference, end } of endsOf(parts, stream)) {
      if (delivery.gone.aborted) return writer.end('');
      if (end === undefined) throw restarting(references[0]);
      if (end.type === 'generation.succeeded')
        await writeImages(parts, writer, stream, imagesOf(reference.id, end.data.result));
      else failure ??= imageFailureOf(end.data.error, reference);
    }
    delivery.carryResult();
    writer.end(failure ? errorLine(withGroup(failure, references)) : '');
  } catch (error) {
    const failure = toAppError(error);
    if (failure.code === 'internal_error') parts.log.error({ error }, 'stream failed');
    await delivery.giveUp();
    writer.end(errorLine(withGroup(failure, references)));
  }
}

/** In the order in which they end; undefined when the process or the client stops before. */
async function* endsOf({ hub, stopping }: GatewayParts, { delivery, references }: StreamImages) {
  const signal = AbortSignal.any([delivery.gone, stopping]);
  const waiting = new Map(
    references.map((reference) => [
      reference.id,
      hub.waitForEnd(reference.id, signal).then((end) => ({ reference, end })),
    ]),
  );
  while (waiting.size > 0) {
    const next = await Promise.race(waiting.values());
    waiting.delete(next.reference.id);
    yield next;
  }
}

async function writeImages(
  parts: GatewayParts,
  writer: StreamWriter,
  { work, completedType }: StreamImages,
  images: readonly FinishedImage[],
): Promise<void> {
  for (const image of images) {
    const stored = await describeCompleted(parts, completedType, { image, work });
    await writer.writeWhole(eventOf(completedType, imageObject(parts.storage, stored)));
  }
}

async function* eventOf(type: string, data: AsyncIterable<string>): AsyncGenerator<string> {
  yield `event: ${type}\ndata: `;
  yield* data;
  yield '\n\n';
}
