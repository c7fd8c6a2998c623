/** What a finished generation says in a chat: sora2api's very text, because its clients cut addresses and names out of it. */
import { AppError } from '@reelay/contracts/errors';
import type { GenerationResult, MediaAsset } from '@reelay/contracts/generation-request';
import type { PlannedWork } from '../generations/planned-work.js';
import type { MediaLinks } from '../media/media-links.js';
import { type CharacterCard, cardLine, cardOf, describeCharacter } from './character-card.js';
import { estimateUsage } from './usage.js';

export interface ChatAnswer {
  /** Each is a chunk of its own when it is streamed. */
  contents: [string, ...string[]];
  /** Stands beside the text, for programs. */
  character?: CharacterCard;
}

/** @throws AppError `media_unavailable` */
export async function describeResult(
  result: GenerationResult,
  work: PlannedWork,
  links: MediaLinks,
  publicUrl: string,
): Promise<ChatAnswer> {
  if (result.text !== undefined) return { contents: [result.text] };
  const urls = await Promise.all(
    result.media.map(async (media) => ({ media, url: await links.linkTo(media, publicUrl) })),
  );
  if (result.character) {
    const character = cardOf(result.character, work, urls[0]?.url ?? null);
    const text = describeCharacter(character, work);
    return { contents: work.model === 'avatar-create' ? [cardLine(character), text] : [text], character };
  }
  const [first] = urls;
  if (!first) throw new AppError('media_unavailable', 'The generation ended without an image or video.');
  if (isImage(first.media)) return { contents: [urls.map(({ url }) => `![Generated Image](${url})`).join('\n')] };
  return { contents: [`\`\`\`html\n<video src='${first.url}' controls></video>\n\`\`\``] };
}

function isImage({ contentType }: MediaAsset): boolean {
  return contentType.startsWith('image/');
}

export interface ChatCompletionParts {
  id: string;
  /** Unix seconds. */
  created: number;
  work: PlannedWork;
  answer: ChatAnswer;
}

export function chatCompletionObject({ id, created, work, answer }: ChatCompletionParts) {
  const content = answer.contents.join('');
  return {
    id,
    object: 'chat.completion',
    created,
    model: work.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
        ...(answer.character ? { character: answer.character } : {}),
      },
    ],
    usage: estimateUsage(work.prompt, content),
  };
}
