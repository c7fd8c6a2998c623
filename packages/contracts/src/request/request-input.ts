/** What a client asked for, whatever API it spoke: the one form that every dialect is read into before it is planned. */
import { AppError } from '../errors.js';
import { maximumPromptLength } from '../generation-request.js';
import { LongText } from './long-text.js';
import type { FileId, StoredUpload } from './stored-upload.js';

/** An image or a video as the client gave it; nothing has been decoded, fetched or believed yet. */
export interface MediaInput {
  /** Of a `FileId` that may be either only a guess: it becomes what the file is (`resolveFiles`). */
  kind: 'image' | 'video';
  /** A data URI, bare base64 or an http(s) address; what was uploaded with the request or before it. */
  source: string | LongText | Uint8Array | StoredUpload | FileId;
  /** Where it stands, in the client's words: `messages[0].content[1].image_url`. */
  param: string;
}

export interface RequestInput {
  /** As written, without white space around it; may be empty. */
  prompt: string;
  promptParam: string;
  /** In the order in which they were given. */
  media: MediaInput[];
  /** A field that names the clip to remix. */
  remixTarget?: { text: string; param: string };
  /** A field that names the video to continue, or to make a character of. */
  source?: { text: string; param: string };
  /** Characters that fields name by our ids; ids in the prompt are found there. */
  characters?: { id: string; param: string }[];
  /** What was written where it may differ from what is made (`size`, `seconds`). */
  asked?: Record<string, string>;
  /** The client's own; kept and shown back. */
  metadata?: Record<string, string>;
}

/** @throws AppError `invalid_value` */
export function checkPromptLength(prompt: string | LongText, param: string): string {
  if (!(prompt instanceof LongText) && prompt.length <= maximumPromptLength) return prompt;
  throw new AppError('invalid_value', `The prompt is longer than ${maximumPromptLength} characters: shorten it.`, {
    param,
  });
}
