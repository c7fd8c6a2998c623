import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deriveKey, type KeyLabel } from './keys.js';

/** Where a sealed value lives. It is bound to that place: copied into another row or column it does not open. */
export interface SealedPlace {
  readonly table: string;
  readonly row: string;
  readonly column: string;
}

/** Keys by their id: values are sealed with the current one and opened with any. */
export interface KeyRing {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

/** The value cannot be opened: wrong key, wrong place, or changed. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A ring for one purpose. Give old master keys as long as values sealed with them exist. */
export function createKeyRing(master: string, label: KeyLabel, oldMasters: readonly string[] = []): KeyRing {
  const keys = new Map([master, ...oldMasters].map((key) => [keyIdOf(key), deriveKey(key, label)]));
  return { current: keyIdOf(master), keys };
}

/** AES-256-GCM: `v1.<key id>.<nonce>.<ciphertext and tag>`, base64url. */
export function seal(ring: KeyRing, plaintext: string, place: SealedPlace): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', getKey(ring, ring.current), nonce);
  cipher.setAAD(additionalData(place, ring.current));
  const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return [VERSION, ring.current, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
}

/** @throws SealError */
export function open(ring: KeyRing, text: string, place: SealedPlace): string {
  const [version, keyId = '', nonceText = '', sealedText = '', ...rest] = text.split('.');
  const nonce = decodeStrictly(nonceText);
  const sealed = decodeStrictly(sealedText);
  if (version !== VERSION || rest.length > 0 || nonce.length !== NONCE_BYTES || sealed.length < TAG_BYTES) {
    throw new SealError('The sealed value does not have the form v1.<key id>.<nonce>.<data>.');
  }
  const decipher = createDecipheriv('aes-256-gcm', getKey(ring, keyId), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(additionalData(place, keyId));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new SealError('The sealed value was changed, or belongs to another place.', { cause });
  }
}

/** Whether the value should be sealed anew because its key is no longer the current one. */
export function isSealedWithOldKey(ring: KeyRing, text: string): boolean {
  return text.split('.')[1] !== ring.current;
}

/** Derived from the key itself, so that nobody has to number keys by hand. */
function keyIdOf(master: string): string {
  return deriveKey(master, 'id/master').subarray(0, 6).toString('hex');
}

function getKey(ring: KeyRing, keyId: string): Buffer {
  const key = ring.keys.get(keyId);
  if (!key) throw new SealError('The value was sealed with a master key that is not configured; add it as an old one.');
  return key;
}

function additionalData({ table, row, column }: SealedPlace, keyId: string): Buffer {
  if ([table, row, column].some((part) => part.includes('|'))) throw new SealError('A place must not contain "|".');
  return Buffer.from([table, row, column, keyId].join('|'), 'utf8');
}

/** Node skips characters outside the alphabet; one value must have one spelling. */
function decodeStrictly(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : Buffer.alloc(0);
}
