import { isSignedBy, sign } from '../signature.js';
import type { Account } from './account.js';

/** Stays the same for the life of the account, as a browser's session cookie does. */
export function sessionToken(account: Account): string {
  const holder = encodeEmail(account.email);
  return `${holder}.${sign('session token', holder)}`;
}

export function readSessionToken(token: string): string | undefined {
  const [holder, signature, ...rest] = token.split('.');
  if (!holder || !signature || rest.length > 0 || !isSignedBy(signature, 'session token', holder)) return undefined;
  return decodeEmail(holder);
}

/** Carries its number, so that a used one is known as such even after a restart without a state folder. */
export function refreshToken(account: Account): string {
  const content = `rt_${encodeEmail(account.email)}.${account.refreshTokenNumber}`;
  return `${content}.${sign('refresh token', content)}`;
}

export function readRefreshToken(token: string): { email: string; number: number } | undefined {
  const [holder, number, signature, ...rest] = token.split('.');
  if (!holder?.startsWith('rt_') || !number || !signature || rest.length > 0) return undefined;
  if (!isSignedBy(signature, 'refresh token', `${holder}.${number}`)) return undefined;
  return { email: decodeEmail(holder.slice(3)), number: Number(number) };
}

function encodeEmail(email: string): string {
  return Buffer.from(email).toString('base64url');
}

function decodeEmail(text: string): string {
  return Buffer.from(text, 'base64url').toString('utf8');
}
