/** What a finished generation says in a chat: sora2api's very text, because its clients cut addresses and names out of it. */
import { AppError } from '@reelay/contracts/errors';
import type { GenerationResult, MediaAsset } from '@reelay/contracts/generation-request';
import { publicId } from '@reelay/contracts/ids';
import { type GenerationReference, referenceDetails } from '../generations/generation-error.js';
import type { PlannedWork } from '../generations/planned-work.js';
import type { MediaLinks } from '../media/media-links.js';
import { type CharacterCard, cardLine, cardOf, describeCharacter } from './character-card.js';
import { estimateUsage } from './usage.js';

export interface ChatAnswer {
  /** Each is a chunk of its own when it is streamed. */
  contents: [string, ...string[]];
  /** Stand beside the text, for programs: links to all files, and the character that was made. */
  mediaUrls: string[];
  character?: CharacterCard;
}

/** @throws AppError `media_unavailable` */
export async function describeResult(
  result: GenerationResult,
  work: PlannedWork,
  links: MediaLinks,
  publicUrl: string,
): Promise<ChatAnswer> {
  if (result.text !== undefined) return { contents: [result.text], mediaUrls: [] };
  const files = await Promise.all(
    result.media.map(async (media) => ({ media, url: await links.linkTo(media, publicUrl) })),
  );
  const mediaUrls = files.map(({ url }) => url);
  if (result.character) {
    const character = cardOf(result.character, work, mediaUrls[0] ?? null);
    const text = describeCharacter(character, work);
    return { contents: work.model === 'avatar-create' ? [cardLine(character), text] : [text], mediaUrls, character };
  }
  const [first] = files;
  if (!first) throw new AppError('media_unavailable', 'The generation ended without an image or video.');
  if (isImage(first.media)) {
    return { contents: [mediaUrls.map((url) => `![Generated Image](${url})`).join('\n')], mediaUrls };
  }
  return { contents: [`\`\`\`html\n<video src='${first.url}' controls></video>\n\`\`\``], mediaUrls };
}

function isImage({ contentType }: MediaAsset): boolean {
  return contentType.startsWith('image/');
}

/** What of an answer stands beside its message, for programs: sora2api's text is for people. */
export function choiceFields({ mediaUrls, character }: ChatAnswer, reference: GenerationReference): object {
  return { ...referenceDetails(reference), media_urls: mediaUrls, ...(character ? { character } : {}) };
}

export interface ChatCompletionParts {
  reference: GenerationReference;
  /** Unix seconds. */
  created: number;
  work: PlannedWork;
  answer: ChatAnswer;
}

export function chatCompletionObject({ reference, created, work, answer }: ChatCompletionParts) {
  const content = answer.contents.join('');
  return {
    id: publicId('chat', reference.id),
    object: 'chat.completion',
    created,
    model: work.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
        ...choiceFields(answer, reference),
      },
    ],
    usage: estimateUsage(work.prompt, content),
    ...(work.metadata ? { metadata: work.metadata } : {}),
  };
}
