/** How a stand is broken on purpose: by another code, by a setting, or by what its database no longer enforces. */
import path from 'node:path';
import { root } from '../../support/stack.js';
import type { StandOptions } from '../stand/stand.js';

export function standWith(mutation: string): StandOptions {
  if (mutation === 'settle-time-zero') return { settings: { 'reconcile.settleMs': 0, 'reconcile.listGapMs': 0 } };
  return {
    flags: ['--import', path.join(root, 'tools/test/mutate.mts')],
    env: { MUTATION: mutation },
    sql: mutation === 'no-turn-per-token' ? ['DROP INDEX submit_attempt_one_turn'] : [],
  };
}
