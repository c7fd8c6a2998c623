import type { Settings } from '@reelay/contracts/settings';

/** The longest a process can be busy with a submit after `sent`: the write may be late by the freshness time, and so may the commit. */
export function longestSubmitMs(settings: Settings): number {
  return settings['submit.timeoutMs'] + 2 * settings['submit.freshnessMs'];
}
