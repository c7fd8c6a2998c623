/** The events of one generation as they happen, after those that were before, until its end. The rows are read, so nothing is left out. */
import type { ServerResponse } from 'node:http';
import { type GenerationEvent, isTerminalEvent } from '@reelay/contracts/events';
import type { Settings } from '@reelay/contracts/settings';
import { findGeneration, type Generation } from '@reelay/db/generations/find-generation';
import type { GatewayParts } from '../gateway-parts.js';
import { generationViewOf } from '../generations/generation-view.js';
import { toAppError } from '../http/to-app-error.js';
import { StreamWriter, streamOptionsOf } from '../openai/stream-writer.js';
import { eventLines, failureLines } from './event-lines.js';
import { coalesce } from './watch.js';

export interface StreamEvents {
  generation: Generation;
  client: { ownerId: string };
  afterSeq: number;
  response: ServerResponse;
  settings: Settings;
  publicUrl: string;
}

export async function streamEvents(parts: GatewayParts, stream: StreamEvents): Promise<void> {
  const { generation, response, settings } = stream;
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  else response.once('close', () => gone.abort());
  const writer = new StreamWriter(response, {
    ...streamOptionsOf(settings),
    onCut: (bufferedBytes) => parts.log.info({ generationId: generation.id, bufferedBytes }, 'slow stream cut off'),
  });
  try {
    const signal = AbortSignal.any([gone.signal, parts.stopping]);
    for await (const events of parts.hub.watch(generation.id, stream.afterSeq, signal)) {
      // What a client takes at once it gets whole; one that falls behind is spared progress that is over.
      for (const event of writer.isBehind ? coalesce(events) : events) {
        await writer.write(await linesOf(parts, stream, event));
      }
    }
    writer.end('');
  } catch (error) {
    const failure = toAppError(error);
    if (failure.code === 'internal_error') parts.log.error({ error }, 'stream failed');
    writer.end(failureLines(failure));
  }
}

/** A program that has the end has everything: the generation is shown with it, with links that are fresh now. */
async function linesOf(parts: GatewayParts, stream: StreamEvents, event: GenerationEvent): Promise<string> {
  const { generation, client, publicUrl } = stream;
  if (!isTerminalEvent(event)) return eventLines(generation, event);
  const ended = await findGeneration(parts.database, { id: generation.id, ownerId: client.ownerId });
  const shown = ended && (await generationViewOf(ended, parts.links, publicUrl));
  return eventLines(generation, event, shown ? { generation: shown } : {});
}
