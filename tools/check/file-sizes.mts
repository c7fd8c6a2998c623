// A hand-written file over 400 lines (600 for tests) hides at least two ideas.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { sourceFiles } from './source-files.mts';

export function checkFileSizes(root: string): string[] {
  return sourceFiles(root, /\.(ts|mts|tsx|mjs|cjs)$/).flatMap((file) => {
    const full = path.join(root, file);
    if (!existsSync(full)) return [];
    const lines = readFileSync(full, 'utf8').split('\n').length - 1;
    const limit = /\.test\.ts$/.test(file) ? 600 : 400;
    return lines > limit ? [`${file} has ${lines} lines, more than ${limit}: split it by idea`] : [];
  });
}
