import { spawnSync } from 'node:child_process';
import { root } from '../infra/paths.mts';

/** The commit of the checkout, short; undefined where it is no git checkout. */
export function gitCommit(): string | undefined {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
