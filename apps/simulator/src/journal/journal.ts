import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Account } from '../accounts/account.js';
import type { Character } from '../characters/character.js';
import type { Post } from '../posts/post.js';
import type { Enhancement } from '../prompts/enhancement.js';
import type { Task } from '../tasks/task.js';
import type { Upload } from '../uploads/upload.js';

/** What must survive a restart. A later record about the same thing replaces the earlier one. */
export type JournalRecord =
  | { readonly type: 'account'; readonly account: Account }
  | { readonly type: 'task'; readonly task: Task }
  | { readonly type: 'upload'; readonly upload: Upload }
  | { readonly type: 'post'; readonly post: Post }
  | { readonly type: 'character'; readonly character: Character }
  | { readonly type: 'enhancement'; readonly enhancement: Enhancement };

export interface Journal {
  /** Returns when the operating system has the record: it survives the end of this process, though not a power cut. */
  append(record: JournalRecord): void;
  /** Replaces everything written so far. */
  rewrite(records: Iterable<JournalRecord>): void;
  /** Records appended since the last rewrite. */
  readonly appended: number;
  close(): void;
}

const FILE = 'journal.jsonl';

/** The journal of a state folder and what was in it; without a folder nothing is kept. */
export function openJournal(folder: string | undefined): { journal: Journal; records: JournalRecord[] } {
  if (folder === undefined) return { journal: new NoJournal(), records: [] };
  mkdirSync(folder, { recursive: true });
  const path = join(folder, FILE);
  const records = readJournal(path);
  return { journal: new FileJournal(path), records };
}

class NoJournal implements Journal {
  readonly appended = 0;
  append(): void {}
  rewrite(): void {}
  close(): void {}
}

class FileJournal implements Journal {
  appended = 0;
  #descriptor: number;

  constructor(private readonly path: string) {
    this.#descriptor = openSync(path, 'a');
  }

  append(record: JournalRecord): void {
    writeSync(this.#descriptor, toLine(record));
    this.appended += 1;
  }

  rewrite(records: Iterable<JournalRecord>): void {
    const fresh = `${this.path}.new`;
    writeFileSync(fresh, [...records].map(toLine).join(''));
    // First the new file is whole, then it takes the old one's name: a crash in between loses nothing.
    renameSync(fresh, this.path);
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.path, 'a');
    this.appended = 0;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** A process that was killed may leave half a line at the end; it is cut off, so that the next record begins a line. */
function readJournal(path: string): JournalRecord[] {
  const descriptor = openSync(path, 'a+');
  try {
    const text = readFileSync(descriptor, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) ftruncateSync(descriptor, Buffer.byteLength(whole));
    return whole.split('\n').flatMap((line, index) => (line === '' ? [] : [parseLine(line, index + 1, path)]));
  } finally {
    closeSync(descriptor);
  }
}

function parseLine(line: string, number: number, path: string): JournalRecord {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new Error(`Line ${number} of ${path} is damaged: repair it, or delete the file to start from nothing`, {
      cause,
    });
  }
}

function toLine(record: JournalRecord): string {
  return `${JSON.stringify(record)}\n`;
}
