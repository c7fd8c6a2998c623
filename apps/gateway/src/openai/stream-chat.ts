/** A chat completion as it happens: progress while it renders, the result at the end, and never an end without a word. */
import type { ServerResponse } from 'node:http';
import { type GenerationEvent, isTerminalEvent } from '@reelay/contracts/events';
import type { Settings } from '@reelay/contracts/settings';
import { coalesce } from '../events/watch.js';
import type { GatewayParts } from '../gateway-parts.js';
import { failureOf, restarting } from '../generations/generation-error.js';
import { toAppError } from '../http/to-app-error.js';
import type { AnswerChat } from './answer-chat.js';
import { describeResult } from './chat-answer.js';
import { type ChatChunks, errorLine } from './chat-chunks.js';
import { ProgressLines } from './progress-lines.js';
import { StreamWriter, streamOptionsOf } from './stream-writer.js';
import { estimateUsage } from './usage.js';

export interface StreamChat extends AnswerChat {
  response: ServerResponse;
  chunks: ChatChunks;
  settings: Settings;
}

export async function streamChat(parts: GatewayParts, chat: StreamChat): Promise<void> {
  const writer = new StreamWriter(chat.response, streamOptionsOf(chat.settings));
  try {
    await writer.write(chat.chunks.role());
    const last = await followToEnd(parts, chat, writer);
    if (chat.delivery.gone.aborted) return writer.end('');
    if (last === undefined) throw restarting(chat.reference);
    chat.delivery.carryResult();
    writer.end(last);
  } catch (error) {
    const failure = toAppError(error);
    if (failure.code === 'internal_error') parts.log.error({ error }, 'stream failed');
    await chat.delivery.giveUp();
    writer.end(errorLine(failure));
  }
}

/** The text that ends the stream; undefined when the process or the client stops before the generation does. */
async function followToEnd(parts: GatewayParts, chat: StreamChat, writer: StreamWriter): Promise<string | undefined> {
  const lines = new ProgressLines(chat.work);
  const signal = AbortSignal.any([chat.delivery.gone, parts.stopping]);
  for await (const events of parts.hub.watch(chat.reference.id, 0, signal)) {
    for (const event of coalesce(events)) {
      const line = lines.next(event);
      if (line !== undefined) await writer.write(chat.chunks.reasoning(line));
      if (isTerminalEvent(event)) return lastWords(parts, chat, event);
    }
  }
  return undefined;
}

async function lastWords(parts: GatewayParts, chat: StreamChat, event: GenerationEvent): Promise<string> {
  if (event.type === 'generation.succeeded') {
    const { contents, character } = await describeResult(
      ...([event.data.result, chat.work, parts.links, chat.reference.publicUrl] as const),
    );
    const chunks = contents.map((content) => chat.chunks.content(content, character ? { character } : {}));
    return chunks.join('') + chat.chunks.end(estimateUsage(chat.work.prompt, contents.join('')));
  }
  if (event.type === 'generation.failed' || event.type === 'generation.cancelled') {
    return errorLine(failureOf(event.data.error, chat.reference));
  }
  return '';
}
