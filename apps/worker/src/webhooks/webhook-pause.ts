import type { Settings } from '@reelay/contracts/settings';

/**
 * How long after the failure of a round's n-th try the next one comes. Up to a quarter more or less, by chance, so that what failed together
 * does not come back together.
 */
export function webhookPauseMs(
  settings: Pick<Settings, 'webhook.retryMs' | 'webhook.retryLongestMs'>,
  tryOfRound: number,
  random: () => number,
): number {
  const growing = settings['webhook.retryMs'] * 4 ** Math.min(tryOfRound - 1, 20);
  return Math.min(growing, settings['webhook.retryLongestMs']) * (0.75 + random() / 2);
}
