import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { crashPoint } from './crash-point.js';
import { type ByteRange, checkKey, type Storage, StorageError, type StoredObject } from './storage.js';

/** Unfinished files live beside the keys' tree under a name that no key can have. */
const UNFINISHED = '.unfinished';
const mostMoves = 100;

/** The storage port on a local disk. The folder is private to the user that runs the app. */
export class LocalStorage implements Storage {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  static async create(root: string): Promise<LocalStorage> {
    await mkdir(root, { recursive: true, mode: 0o700 });
    await mkdir(join(root, UNFINISHED), { recursive: true, mode: 0o700 });
    return new LocalStorage(root);
  }

  async put(key: string, source: AsyncIterable<Uint8Array>): Promise<StoredObject> {
    const target = this.#pathOf(key);
    const unfinished = join(this.#root, UNFINISHED, randomUUID());
    try {
      const stored = await writeDurably(unfinished, source);
      await moveInto(target, unfinished);
      // Without this the rename itself may be lost with the power. Who deleted it meanwhile may have taken the folder too.
      await syncFolder(dirname(target)).catch(unlessMissing);
      return stored;
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  async open(key: string, range: ByteRange = {}): Promise<Readable> {
    const path = this.#pathOf(key);
    const handle = await open(path, 'r').catch((error: unknown) => {
      throw isMissing(error) ? new StorageError('not_found', 'There is no stored object of this key.') : error;
    });
    return createReadStream(path, { fd: handle, start: range.start, end: range.end, highWaterMark: 256 * 1024 });
  }

  async stat(key: string): Promise<{ sizeBytes: number } | undefined> {
    try {
      const found = await stat(this.#pathOf(key));
      return found.isFile() ? { sizeBytes: found.size } : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    const path = this.#pathOf(key);
    await rm(path, { force: true });
    const folder = dirname(path);
    // Most often it holds more files, or somebody else was faster. Whatever the reason, the file is gone, and that was asked for.
    if (folder !== this.#root) await rmdir(folder).catch(() => undefined);
  }

  /** Removes what crashed writers left. An age far above any download keeps the living ones safe. */
  async sweepUnfinished(olderThanMs: number, now = Date.now()): Promise<number> {
    const folder = join(this.#root, UNFINISHED);
    let removed = 0;
    for (const name of await readdir(folder)) {
      const found = await stat(join(folder, name)).catch(() => undefined);
      if (!found || now - found.mtimeMs < olderThanMs) continue;
      await rm(join(folder, name), { force: true });
      removed += 1;
    }
    return removed;
  }

  #pathOf(key: string): string {
    checkKey(key);
    return join(this.#root, key);
  }
}

/** Whoever deletes the last file of the folder removes that too, maybe between the two steps. So many times in a row it is something else. */
async function moveInto(target: string, unfinished: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      crashPoint('storage.before-rename');
      return await rename(unfinished, target);
    } catch (error) {
      if (!isMissing(error) || tries >= mostMoves) throw error;
    }
  }
}

async function writeDurably(path: string, source: AsyncIterable<Uint8Array>): Promise<StoredObject> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of source) {
      hash.update(chunk);
      await writeWhole(file, chunk);
      sizeBytes += chunk.byteLength;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.byteLength) written += (await file.write(chunk, written)).bytesWritten;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function unlessMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
