/** POST /v1/chat/completions as clients really send it. Unknown fields are ignored, as OpenAI's servers do. */
import { z } from 'zod';
import { AppError } from '../errors.js';
import { LongText } from '../request/long-text.js';
import { checkPromptLength, type MediaInput, type RequestInput } from '../request/request-input.js';
import { readFilePart } from './file-part.js';

const mediaText = z.union(
  [z.string(), z.instanceof(LongText)],
  'Send one data URI, base64 or http(s) address as a string',
);

const message = z.object({
  role: z.enum(['developer', 'system', 'user', 'assistant', 'tool', 'function']),
  /** Parts are looked at where they are read: what an old message brings along is nobody's concern. */
  content: z
    .union([z.string(), z.instanceof(LongText), z.array(z.unknown())], 'Send a text, or an array of parts')
    .nullish(),
});

/** Clients send whole conversations; only the message that is read need be one of ours. */
function withoutEarlier(messages: unknown): unknown {
  if (!Array.isArray(messages)) return messages;
  const read = indexOfRead(messages);
  return messages.map((each: unknown, index) => (index === read ? each : { role: 'assistant' }));
}

const mostPairs = 16;
const metadataSchema = z
  .record(z.string().max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= mostPairs, `Send at most ${mostPairs} pairs`);

export const chatCompletionSchema = z.object({
  model: z.string().min(1),
  messages: z.preprocess(withoutEarlier, z.array(message).min(1)),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.number().int().nullish(),
  /** Kept with the generation and shown back, within OpenAI's limits. */
  metadata: metadataSchema.nullish(),
  /** sora2api's own fields: bare base64 or a data URI; the video also an address; the id or link of a clip. */
  image: mediaText.nullish(),
  video: mediaText.nullish(),
  remix_target_id: z.string().nullish(),
});
export type ChatCompletion = z.infer<typeof chatCompletionSchema>;

/**
 * Text and media of the last user message (of the last message when none is a user's), its texts joined by newlines, and sora2api's
 * fields beside the messages.
 *
 * @throws AppError `missing_required_parameter`, `invalid_value`, `unsupported_parameter`
 */
export function inputOfChat(chat: ChatCompletion): RequestInput {
  if (chat.n != null && chat.n !== 1) {
    throw new AppError('unsupported_parameter', 'One request makes one generation: leave `n` out or set it to 1.', {
      param: 'n',
    });
  }
  const { text, media } = readContent(...lastMessage(chat.messages));
  if (chat.image) media.push({ kind: 'image', source: chat.image, param: 'image' });
  if (chat.video) media.push({ kind: 'video', source: chat.video, param: 'video' });
  const remixTarget = chat.remix_target_id?.trim();
  return {
    prompt: checkPromptLength(text.trim(), 'messages'),
    promptParam: 'messages',
    media,
    ...(remixTarget ? { remixTarget: { text: remixTarget, param: 'remix_target_id' } } : {}),
    ...(chat.metadata && Object.keys(chat.metadata).length > 0 ? { metadata: chat.metadata } : {}),
  };
}

type Message = ChatCompletion['messages'][number];
type Part = { type: string; [field: string]: unknown };

function lastMessage(messages: readonly Message[]): [Message['content'], string] {
  const index = indexOfRead(messages);
  return [messages[index]?.content, `messages[${index}].content`];
}

/** The last of a user, or else the last. */
function indexOfRead(messages: readonly unknown[]): number {
  const ofUser = messages.findLastIndex(
    (each) => typeof each === 'object' && each !== null && 'role' in each && each.role === 'user',
  );
  return ofUser === -1 ? messages.length - 1 : ofUser;
}

function readContent(content: Message['content'], path: string): { text: string; media: MediaInput[] } {
  if (content == null) return { text: '', media: [] };
  if (typeof content === 'string' || content instanceof LongText) {
    return { text: checkPromptLength(content, path), media: [] };
  }
  const texts: string[] = [];
  const media: MediaInput[] = [];
  for (const [index, each] of content.entries()) {
    const read = readPart(each, `${path}[${index}]`);
    if (typeof read === 'string') texts.push(read);
    else media.push(read);
  }
  return { text: texts.join('\n'), media };
}

/** Also in the spelling of the Responses API, which some clients mix in. */
function readPart(given: unknown, path: string): string | MediaInput {
  if (!isPart(given)) {
    throw new AppError(
      'invalid_value',
      'Each part of the content is an object with its type: {"type": "text", "text": "…"}.',
      {
        param: path,
      },
    );
  }
  switch (given.type) {
    case 'text':
    case 'input_text':
      return textOf(given, path);
    case 'image_url':
    case 'input_image':
      return { kind: 'image', source: addressOf(given, 'image_url', path), param: `${path}.image_url` };
    case 'video_url':
    case 'input_video':
      return { kind: 'video', source: addressOf(given, 'video_url', path), param: `${path}.video_url` };
    case 'file':
      return readFilePart(given.file, `${path}.file`);
    case 'input_file':
      return readFilePart(given, path);
    default:
      throw new AppError(
        'invalid_value',
        `A part of type "${given.type.slice(0, 40)}" cannot be read here: send text, image_url, video_url or file.`,
        { param: `${path}.type` },
      );
  }
}

function isPart(given: unknown): given is Part {
  return typeof given === 'object' && given !== null && 'type' in given && typeof given.type === 'string';
}

function textOf(given: Part, path: string): string {
  const { text } = given;
  if (typeof text === 'string' || text instanceof LongText) return checkPromptLength(text, `${path}.text`);
  throw new AppError('invalid_value', 'A text part needs its text as a string.', { param: `${path}.text` });
}

/** `{"url": "…"}`, as OpenAI has it, or the plain string that many clients send. */
function addressOf(given: Part, name: 'image_url' | 'video_url', path: string): string | LongText {
  const value = given[name];
  const url = typeof value === 'object' && value !== null && 'url' in value ? value.url : value;
  if (url instanceof LongText || (typeof url === 'string' && url.trim() !== '')) return url;
  throw new AppError(
    'missing_required_parameter',
    `The part has no address: send ${name} as {"url": "data:…"} or {"url": "https://…"}.`,
    { param: `${path}.${name}` },
  );
}
