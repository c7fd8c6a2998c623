// In which order Jest runs files. Without times from before (a fresh clone has none) it goes by their sizes, and a short file that waits long
// would come last, with every other worker idle. Files that say `@slow` in their first comment come first.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { default: Sequencer } = require('@jest/test-sequencer') as typeof import('@jest/test-sequencer');

type Tests = Parameters<InstanceType<typeof Sequencer>['sort']>[0];

export default class SlowFirst extends Sequencer {
  override async sort(tests: Tests): Promise<Tests> {
    const sorted = await super.sort(tests);
    const slow = new Set(sorted.filter(({ duration, path }) => duration === undefined && isSlow(path)));
    return [...slow, ...sorted.filter((test) => !slow.has(test))];
  }
}

function isSlow(file: string): boolean {
  return /^\/\*\*(?:(?!\*\/).)*@slow\b/s.test(readFileSync(file, 'utf8'));
}
