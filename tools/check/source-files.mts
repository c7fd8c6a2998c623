// The files git tracks or would track, so that checks see what a clone sees.
import { spawnSync } from 'node:child_process';

export function sourceFiles(root: string, pattern: RegExp): string[] {
  const listed = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (listed.status !== 0) throw new Error('The checks read the list of files from git; run them in a git checkout.');
  return listed.stdout.split('\n').filter((file) => pattern.test(file));
}
