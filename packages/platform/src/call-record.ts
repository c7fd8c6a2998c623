import { cutText } from '@reelay/contracts/storable-text';
import { scrub, scrubText } from './log-scrub.js';
import { sniffMedia } from './sniff-media.js';

/** One upstream call as it may be stored and shown: no secret, no media, bodies of at most 8 KB. */
export interface CallRecord {
  readonly method: string;
  readonly url: string;
  readonly startedAt: Date;
  readonly durationMs: number;
  /** Undefined when there was no answer. */
  readonly status?: number;
  /** Why there was no answer. */
  readonly error?: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody?: string;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly responseBody?: string;
}

const LONGEST_BODY = 8 * 1024;
/** What is looked at for that: a list of megabytes would hold up everything else for as long as it takes to look through. */
const LONGEST_LOOK = 64 * 1024;
const HIDDEN = '[hidden]';
const TEXT_TYPE = /^text\/|\b(nd)?(json|xml)$|urlencoded$/;
const MEDIA_TYPE = /^(multipart|image|video|audio)\/|octet-stream$/;
const SECRET_HEADER = /^(authorization|proxy-authorization|cookie|set-cookie|x-api-key)$|token/i;
const PLAIN_QUERY_VALUE = /^[\w.,-]{1,32}$/;
const SECRET_QUERY_NAME = /sig|token|key|secret|code|auth|credential|password/i;

export function maskUrl(text: string): string {
  const url = new URL(text);
  url.username = '';
  url.password = '';
  for (const [name, value] of url.searchParams) {
    if (SECRET_QUERY_NAME.test(name) || !PLAIN_QUERY_VALUE.test(value)) url.searchParams.set(name, HIDDEN);
  }
  return url.href;
}

export function maskHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const masked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    masked[name] = SECRET_HEADER.test(name) ? HIDDEN : scrubText(value);
  return masked;
}

/** Text is kept with its secrets hidden; anything else, also a form with files in it, is named by size and type only. */
export function maskBody(body: string | Uint8Array | undefined, contentType: string | undefined): string | undefined {
  if (body === undefined || body.length === 0) return undefined;
  if (!isText(body, contentType)) {
    return `[${Buffer.byteLength(body)} bytes of ${mediaTypeOf(contentType) || 'unknown type'}]`;
  }
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
  return cutText(maskText(text), LONGEST_BODY);
}

/** By its type, unless the bytes themselves are a picture or a video. */
function isText(body: string | Uint8Array, contentType: string | undefined): boolean {
  const mediaType = mediaTypeOf(contentType);
  if (MEDIA_TYPE.test(mediaType)) return false;
  return typeof body === 'string' || (TEXT_TYPE.test(mediaType) && sniffMedia(body) === undefined);
}

/** Without its parameters: a boundary may be called anything. */
function mediaTypeOf(contentType = ''): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

function maskText(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' ? JSON.stringify(scrub(parsed, LONGEST_LOOK)) : scrubText(text);
  } catch {
    return scrubText(text);
  }
}
