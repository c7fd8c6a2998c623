/** The times of the design, scaled to a render of 1.5 s: every proportion of the real ones is kept. */
import type { SettingKey } from '@reelay/contracts/settings';

export const renderMs = 1_500;

export const scaled = {
  'generation.deadlineMs': 240_000,
  'submit.timeoutMs': 3_000,
  'submit.freshnessMs': 1_000,
  'submit.turnMs': 3_000,
  'submit.retryMinimumMs': 200,
  'submit.retryMaximumMs': 2_000,
  'submit.maximumRefusals': 20,
  'submit.maximumAbsences': 20,
  'reconcile.settleMs': 4_000,
  'reconcile.listGapMs': 2_000,
  'reconcile.knownBeforeMs': 1_000,
  'poll.minimumMs': 300,
  'poll.maximumMs': 1_500,
  'render.maximumMs': 120_000,
  'render.imageMaximumMs': 120_000,
  'token.coolDownMs': 1_000,
  'token.coolDownLongestMs': 4_000,
  'finish.retryMs': 300,
  'finish.attempts': 100,
  'timer.repairMs': 1_000,
  'timer.assignMs': 300,
  'stream.recheckMs': 1_000,
} as const satisfies Partial<Record<SettingKey, number>>;
