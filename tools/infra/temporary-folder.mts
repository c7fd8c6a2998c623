import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isAlive } from './predecessor.mts';

const prefix = 'reelay-run-';

/** A folder of this process under the system's temporary folder. Folders of processes that were killed are removed first. */
export function temporaryFolder(): string {
  for (const name of readdirSync(os.tmpdir())) {
    const owner = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]);
    if (owner && !isAlive(owner)) removeOwn(path.join(os.tmpdir(), name));
  }
  return mkdtempSync(path.join(os.tmpdir(), `${prefix}${process.pid}-`));
}

function removeOwn(folder: string): void {
  try {
    if (statSync(folder).uid === process.getuid?.()) rmSync(folder, { recursive: true, force: true });
  } catch {
    // Another process removes it at the same time.
  }
}
