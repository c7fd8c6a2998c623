import { createHmac, createSecretKey, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/** One label per purpose, so that a value made for one purpose is worthless for every other. */
export type KeyLabel =
  | 'enc/credential'
  | 'enc/webhook-secret'
  | 'id/master'
  | 'mac/api-key'
  | 'mac/cursor'
  | 'mac/refresh-token'
  | 'mac/session'
  | 'signed-link';

const MINIMUM_LENGTH = 16;
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const KNOWN_TO_EVERYBODY = new Set(['han1234', 'admin', 'admin/admin', 'admin:admin', 'password', 'secret']);
const SAMPLE =
  /change[-_ ]?(me|this|it)|^(your|my)[-_ ].*key|^sk-(x+|your)|example|placeholder|insert[-_ ]|replace[-_ ]?me/i;
const REMEDY = 'set one of your own, for example the output of `openssl rand -hex 24`';

/** The sentence that says why a key is refused and what to do, or undefined when it is strong enough. Never contains the key. */
export function checkKeyStrength(name: string, value: string): string | undefined {
  const plain = value.trim().toLowerCase();
  if (KNOWN_TO_EVERYBODY.has(plain) || SAMPLE.test(plain))
    return `${name} is a sample value that everybody knows: ${REMEDY}`;
  if (value !== value.trim()) return `${name} begins or ends with white space: remove it`;
  if (value.length < MINIMUM_LENGTH) return `${name} has fewer than ${MINIMUM_LENGTH} characters: ${REMEDY}`;
  if (new Set(value).size < 5) return `${name} repeats the same few characters: ${REMEDY}`;
  return undefined;
}

/** A 32-byte key for one purpose (HKDF-SHA-256). */
export function deriveKey(master: string, label: KeyLabel): Buffer {
  return Buffer.from(hkdfSync('sha256', master, 'reelay/v1', label, 32));
}

/** What the database stores instead of a client's key: HMAC-SHA-256 under the web key, as 64 hex characters. */
export function hashApiKey(webKey: string, apiKey: string): string {
  return apiKeyHash(webKey)(apiKey);
}

/** The same for whoever does it all the time. */
export function apiKeyHash(webKey: string): (apiKey: string) => string {
  // Made into a key object once: deriving it and copying it in costs more than the hash.
  const key = createSecretKey(deriveKey(webKey, 'mac/api-key'));
  return (apiKey) => createHmac('sha256', key).update(apiKey).digest('hex');
}

/** A new key for a client: `rly_` and 43 base62 characters (256 bits). */
export function newApiKey(): string {
  return `rly_${randomBase62(43)}`;
}

/** Enough of a client's key for people to tell keys apart, too little to help anybody guess one. */
export function beginningOfApiKey(apiKey: string): string {
  return apiKey.slice(0, apiKey.startsWith('rly_') ? 8 : 3);
}

/** A new secret of the installation, strong enough for every purpose. */
export function newSecret(): string {
  return randomBase62(43);
}

/** Compares two secrets in a time that does not depend on where they differ. */
export function equalSecrets(left: string, right: string): boolean {
  const key = randomBytes(32);
  const mac = (text: string) => createHmac('sha256', key).update(text).digest();
  return timingSafeEqual(mac(left), mac(right));
}

function randomBase62(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      // 248 is the largest multiple of 62 in a byte: taking more would favour the first characters.
      if (byte < 248 && text.length < length) text += BASE62[byte % 62];
    }
  }
  return text;
}
