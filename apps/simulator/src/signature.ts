import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * The simulator's own key is part of its source: tokens and links of yesterday must be good today, without a state folder too.
 * Nothing it guards is worth guarding.
 */
const KEY = 'reelay simulator, signing key 1';

export function sign(purpose: string, text: string): string {
  return createHmac('sha256', KEY).update(`${purpose}\n${text}`).digest('base64url');
}

export function isSignedBy(signature: string, purpose: string, text: string): boolean {
  const expected = Buffer.from(sign(purpose, text));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
