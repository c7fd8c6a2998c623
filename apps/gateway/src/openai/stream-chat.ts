/** A chat completion as it happens: progress while it renders, the result at the end, and never an end without a word. */
import type { ServerResponse } from 'node:http';
import { type GenerationEvent, isTerminalEvent } from '@reelay/contracts/events';
import type { Settings } from '@reelay/contracts/settings';
import { coalesce } from '../events/watch.js';
import type { GatewayParts } from '../gateway-parts.js';
import { failureOf, referenceDetails, restarting } from '../generations/generation-error.js';
import { toAppError } from '../http/to-app-error.js';
import type { AnswerChat } from './answer-chat.js';
import { choiceFields, describeResult } from './chat-answer.js';
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
    await writer.write(chat.chunks.role(referenceDetails(chat.reference)));
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
    const answer = await describeResult(
      ...([event.data.result, chat.work, parts.links, chat.reference.publicUrl] as const),
    );
    const beside = choiceFields(answer, chat.reference);
    const chunks = answer.contents.map((content) => chat.chunks.content(content, beside));
    return chunks.join('') + chat.chunks.end(estimateUsage(chat.work.prompt, answer.contents.join('')));
  }
  if (event.type === 'generation.failed' || event.type === 'generation.cancelled') {
    const { error } = event.data;
    // For clients that look at the finish reason; those that read on get the sentence that says why.
    const filtered = error.code === 'content_policy_violation' ? chat.chunks.filtered() : '';
    return filtered + errorLine(failureOf(error, chat.reference));
  }
  return '';
}
