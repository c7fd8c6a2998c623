import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Answers in the shapes of sora-web.md 1.3 and 1.5. */
export function readRecorded(name: string): string {
  return readFileSync(join(__dirname, name), 'utf8');
}

export function parseRecorded<Value = Record<string, unknown>>(name: string): Value {
  return JSON.parse(readRecorded(name)) as Value;
}
