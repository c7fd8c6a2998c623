import type { Readable } from 'node:stream';

export interface StoredObject {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Inclusive byte positions, as in a Range header. */
export interface ByteRange {
  readonly start?: number;
  readonly end?: number;
}

/** How an object is to be shown by a server that knows only its bytes. */
export interface StoredView {
  readonly contentType: string;
  /** Value of the Content-Disposition header. */
  readonly disposition: string;
  /** How long the address is good. */
  readonly seconds: number;
}

/** Where media live. An object is complete or absent, never partial, whenever a process dies. A store elsewhere may be `unavailable`. */
export interface Storage {
  /** Replaces what the key held. Rejects, leaving nothing behind, when the source fails. */
  put(key: string, source: AsyncIterable<Uint8Array>): Promise<StoredObject>;
  /** @throws StorageError `not_found` */
  open(key: string, range?: ByteRange): Promise<Readable>;
  /** The size, or undefined when there is no such object. */
  stat(key: string): Promise<{ sizeBytes: number } | undefined>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  /** An address under which anybody may read the object for a while, where the store itself serves. */
  linkTo?(key: string, view: StoredView): Promise<string>;
}

export class StorageError extends Error {
  override readonly name = 'StorageError';

  constructor(
    readonly kind: 'not_found' | 'invalid_key' | 'unavailable',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const KEY = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/i;

/** Keys are `part/part/name.ext`; every part begins with a letter or digit, so that no key climbs, hides or is absolute. */
export function checkKey(key: string): void {
  if (key.length > 200 || !KEY.test(key)) {
    throw new StorageError(
      'invalid_key',
      'A storage key has parts of letters, digits, ".", "_" and "-", joined by "/".',
    );
  }
}
