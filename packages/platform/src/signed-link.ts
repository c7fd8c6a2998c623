import { createHmac, timingSafeEqual } from 'node:crypto';
import { deriveKey } from './keys.js';

export interface LinkSubject {
  /** Path of the link without origin and query, e.g. `/media/01J….mp4`. */
  readonly path: string;
  readonly assetId: string;
}

export type LinkVerdict = 'valid' | 'expired' | 'invalid';

/** The path with `expires` (Unix seconds) and `signature` added; it needs no key to be followed. */
export function signLink(webKey: string, subject: LinkSubject, expiresAt: Date): string {
  const expires = String(Math.floor(expiresAt.getTime() / 1000));
  return `${subject.path}?expires=${expires}&signature=${signatureOf(webKey, subject, expires)}`;
}

/** Looks at the signature before the time: only a link that we made may learn that it is too old. */
export function verifyLink(
  webKey: string,
  subject: LinkSubject,
  query: { readonly expires?: unknown; readonly signature?: unknown },
  now: Date,
): LinkVerdict {
  const { expires, signature } = query;
  if (typeof expires !== 'string' || typeof signature !== 'string' || !/^\d{1,12}$/.test(expires)) return 'invalid';
  const expected = Buffer.from(signatureOf(webKey, subject, expires));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'invalid';
  return Number(expires) * 1000 > now.getTime() ? 'valid' : 'expired';
}

function signatureOf(webKey: string, { path, assetId }: LinkSubject, expires: string): string {
  // JSON keeps the parts apart, whatever characters they hold.
  const text = JSON.stringify(['v1', path, assetId, expires]);
  return createHmac('sha256', deriveKey(webKey, 'signed-link')).update(text).digest('base64url');
}
