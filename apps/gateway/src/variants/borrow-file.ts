import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Storage } from '@reelay/platform/storage';

/** A stored object as a local file, for programs that have to seek in it; the copy is gone when the work is done. */
export async function borrowFile<Result>(
  storage: Storage,
  key: string,
  work: (path: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'reelay-variant-'));
  try {
    const path = join(folder, 'video');
    await pipeline(await storage.open(key), createWriteStream(path, { mode: 0o600 }));
    return await work(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
