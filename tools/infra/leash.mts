import { spawnSync } from 'node:child_process';

/**
 * A command prefix that makes the kernel send `signal` to the command when this process dies, even by SIGKILL.
 * It must come last before the program: changing user or user namespace clears it. Empty where setpriv (util-linux) is missing.
 */
export function leash(signal: 'INT' | 'TERM' | 'KILL'): string[] {
  hasSetpriv ??= spawnSync('setpriv', ['--pdeathsig', 'TERM', '--', 'true']).status === 0;
  return hasSetpriv ? ['setpriv', '--pdeathsig', signal, '--'] : [];
}

let hasSetpriv: boolean | undefined;
