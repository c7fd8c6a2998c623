import { monotonicFactory } from 'ulid';

const next = monotonicFactory();

/** A new id: 26 characters of Crockford's base32 that sort by time, strictly growing within this process. */
export function newUlid(nowMs?: number): string {
  return next(nowMs);
}

export function isUlid(text: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);
}
