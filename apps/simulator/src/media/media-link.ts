import { isSignedBy, sign } from '../signature.js';

const PURPOSE = 'media link';
/** Links made within one minute are the same, so that a list that is read twice says the same twice. */
const EXPIRY_STEP_MS = 60_000;

/** An address as a CDN gives it: good for whoever has it, until it expires. */
export function mediaLink(base: string, file: string, now: number, ttlMs: number): string {
  const expires = Math.ceil((now + ttlMs) / EXPIRY_STEP_MS) * EXPIRY_STEP_MS;
  const expiresSeconds = String(expires / 1000);
  return `${base}/file/${file}?exp=${expiresSeconds}&sig=${sign(PURPOSE, `${file} ${expiresSeconds}`)}`;
}

export function isLinkGood(file: string, expires: string, signature: string, now: number): boolean {
  return isSignedBy(signature, PURPOSE, `${file} ${expires}`) && Number(expires) * 1000 > now;
}
