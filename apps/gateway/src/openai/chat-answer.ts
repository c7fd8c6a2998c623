/** What a finished generation says in a chat: sora2api's very text, because its clients cut the address out of it. */
import { AppError } from '@reelay/contracts/errors';
import type { GenerationResult } from '@reelay/contracts/generation-request';
import type { MediaLinks } from '../media/media-links.js';
import { estimateUsage } from './usage.js';

/** @throws AppError `media_unavailable` */
export async function chatContentOf(result: GenerationResult, links: MediaLinks, publicUrl: string): Promise<string> {
  if (result.text !== undefined) return result.text;
  const [media] = result.media;
  if (!media) throw new AppError('media_unavailable', 'The generation ended without a video.');
  const url = await links.linkTo(media, publicUrl);
  return `\`\`\`html\n<video src='${url}' controls></video>\n\`\`\``;
}

export interface ChatAnswer {
  id: string;
  /** Unix seconds. */
  created: number;
  model: string;
  prompt: string;
  content: string;
}

export function chatCompletionObject({ id, created, model, prompt, content }: ChatAnswer) {
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [
      { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
    ],
    usage: estimateUsage(prompt, content),
  };
}
