/** A chat completion as it happens: progress while it renders, the result at the end, and never an end without a word. */
import type { ServerResponse } from 'node:http';
import { type GenerationEvent, isTerminalEvent } from '@reelay/contracts/events';
import { coalesce } from '../events/watch.js';
import type { WatchHub } from '../events/watch-hub.js';
import type { Delivery } from '../generations/delivery.js';
import { failureOf, type GenerationReference, restarting } from '../generations/generation-error.js';
import { toAppError } from '../http/to-app-error.js';
import type { MediaLinks } from '../media/media-links.js';
import { chatContentOf } from './chat-answer.js';
import { type ChatChunks, errorLine } from './chat-chunks.js';
import { ProgressLines } from './progress-lines.js';
import { StreamWriter } from './stream-writer.js';
import { estimateUsage } from './usage.js';

export interface StreamChat {
  response: ServerResponse;
  reference: GenerationReference;
  prompt: string;
  chunks: ChatChunks;
  delivery: Delivery;
  hub: WatchHub;
  links: MediaLinks;
  /** Aborted when the process stops. */
  stopping: AbortSignal;
  keepAliveMs: number;
}

export async function streamChat(chat: StreamChat): Promise<void> {
  const writer = new StreamWriter(chat.response, { keepAliveMs: chat.keepAliveMs });
  try {
    await writer.write(chat.chunks.role());
    const last = await followToEnd(chat, writer);
    if (chat.delivery.gone.aborted) return;
    if (last === undefined) throw restarting(chat.reference);
    chat.delivery.carryResult();
    writer.end(last);
  } catch (error) {
    await chat.delivery.giveUp();
    writer.end(errorLine(toAppError(error)));
  }
}

/** The text that ends the stream; undefined when the process or the client stops before the generation does. */
async function followToEnd(chat: StreamChat, writer: StreamWriter): Promise<string | undefined> {
  const lines = new ProgressLines();
  const signal = AbortSignal.any([chat.delivery.gone, chat.stopping]);
  for await (const events of chat.hub.watch(chat.reference.id, 0, signal)) {
    for (const event of coalesce(events)) {
      const line = lines.next(event);
      if (line !== undefined) await writer.write(chat.chunks.reasoning(line));
      if (isTerminalEvent(event)) return lastWords(chat, event);
    }
  }
  return undefined;
}

async function lastWords(chat: StreamChat, event: GenerationEvent): Promise<string> {
  if (event.type === 'generation.succeeded') {
    const content = await chatContentOf(event.data.result, chat.links, chat.reference.publicUrl);
    return chat.chunks.content(content) + chat.chunks.end(estimateUsage(chat.prompt, content));
  }
  if (event.type === 'generation.failed' || event.type === 'generation.cancelled') {
    return errorLine(failureOf(event.data.error, chat.reference));
  }
  return '';
}
