/** A file in a chat: uploaded before and named by its id, or in the message itself. Pure. */
import { AppError } from '../errors.js';
import { LongText } from '../request/long-text.js';
import type { MediaInput } from '../request/request-input.js';
import { FileId } from '../request/stored-upload.js';

/**
 * `{file_id}`, or `{file_data, filename}` with a data URI or bare base64.
 * @throws AppError `invalid_value`, `missing_required_parameter`
 */
export function readFilePart(given: unknown, path: string): MediaInput {
  const { file_id: id, file_data: data, filename } = (given ?? {}) as Record<string, unknown>;
  // Whether it is an image is found out where the file is.
  if (typeof id === 'string' && id !== '')
    return { kind: 'image', source: new FileId(id, 'either'), param: `${path}.file_id` };
  if (data instanceof LongText || (typeof data === 'string' && data !== '')) {
    return { kind: kindOf(data, filename, path), source: data, param: `${path}.file_data` };
  }
  throw new AppError(
    'missing_required_parameter',
    'The part has no file: send file_id, or file_data as a data URI ("data:image/png;base64,…").',
    { param: path },
  );
}

const imageName = /\.(png|jpe?g|webp|gif)$/i;
const videoName = /\.(mp4|m4v|mov|qt|webm)$/i;
/** How the base64 of PNG, JPEG and WebP, and that of MP4 and MOV, begins. */
const imageStart = /^(iVBORw0KGgo|\/9j\/|UklGR)/;
const videoStart = /^AAAA..Z0eX[A-D]/;

/** What it says it is: its content is looked at later. */
function kindOf(data: string | LongText, filename: unknown, path: string): MediaInput['kind'] {
  // Many a client writes every `/` as `\/`.
  const start = (data instanceof LongText ? data.start(longestHead) : data.slice(0, longestHead))
    .replaceAll('\\', '')
    .trim();
  const declared = /^data:(image|video)\//i.exec(start)?.[1]?.toLowerCase();
  if (declared === 'image' || declared === 'video') return declared;
  const name = typeof filename === 'string' ? filename : '';
  const payload = start.replace(/^data:[^,]*,/i, '');
  if (imageName.test(name) || imageStart.test(payload)) return 'image';
  if (videoName.test(name) || videoStart.test(payload)) return 'video';
  throw new AppError(
    'invalid_value',
    'This file is neither an image nor a video: send one as file_data ("data:image/png;base64,…"), image_url or video_url.',
    { param: `${path}.file_data` },
  );
}

const longestHead = 300;
