/** Everything the token-manager does by itself. Rounds that one replica is enough for are claimed; assignment needs no claim. */
import { forgetProxyFaults } from '@reelay/db/proxies/proxy-circuit';
import { claimTimer } from '@reelay/db/timers';
import { endRests } from '@reelay/db/tokens/end-rests';
import { forgetHiddenSecrets } from '@reelay/db/tokens/hide-token';
import { deleteOldTokenEvents } from '@reelay/db/tokens/list-token-events';
import { deleteOldSent } from '@reelay/db/tokens/sent-refresh-tokens';
import type { Assigner } from '../assign/assigner.js';
import type { BatchRunner } from '../batches/batch-runner.js';
import { deleteOldStatistics, sample, sumUp, watchPool } from '../statistics/keep-statistics.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { clearWaitingRoom } from './clear-waiting-room.js';
import { inspectDue } from './inspect-due.js';
import { type Loop, startLoop } from './loop.js';
import { refreshDue } from './refresh-due.js';

export interface TimerOptions {
  assigner: Assigner;
  batches: BatchRunner;
  /** Aborted when the process begins to leave. */
  signal: AbortSignal;
}

type Period = 'timer.repairMs' | 'statistics.sampleMs';

/** No upstream takes a refresh token that old. */
const sentKeptDays = 400;

export function startTimers(parts: TokenManagerParts, { assigner, batches, signal }: TimerOptions): Loop {
  const { database, settings, log } = parts;
  /** In every replica: what is done in it is claimed piece by piece. */
  const shared = (name: string, work: () => Promise<void>): Loop =>
    startLoop({
      ...{ name, log, work },
      // Pieces that another replica left behind are found by looking.
      periodMs: async () => Math.max(100, (await settings.read())['timer.repairMs'] / 4),
    });
  const claimed = (name: string, work: () => Promise<void>, every: Period = 'timer.repairMs'): Loop =>
    startLoop({
      name,
      log,
      // Looked at more often than it is due: a replica that died must not cost a whole period.
      periodMs: async () => Math.max(100, (await settings.read())[every] / 4),
      work: async () => {
        const periodMs = (await settings.read())[every];
        if (await claimTimer(database, `token-manager.${name}`, periodMs)) await work();
      },
    });
  const loops = [
    startLoop({
      name: 'assign',
      log,
      periodMs: async () => Math.max(50, (await settings.read())['timer.assignMs']),
      work: async () => {
        await assigner.assign();
      },
    }),
    claimed('waiting-room', async () => {
      if ((await clearWaitingRoom(parts, signal)) > 0) parts.lanes.touch();
    }),
    claimed('rests', async () => {
      if ((await endRests(database)) > 0) await parts.queues.enqueue('dispatch', {});
      const forgotten = await forgetHiddenSecrets(database);
      if (forgotten > 0) log.info({ count: forgotten }, 'secrets of deleted accounts erased');
      parts.lanes.touch();
    }),
    claimed('history', async () => {
      const keptDays = (await settings.read())['token.historyDays'];
      while (!signal.aborted && (await deleteOldTokenEvents(database, keptDays)));
      await forgetProxyFaults(database);
    }),
    shared('batches', () => batches.scan()),
    shared('refreshes', () => refreshDue(parts, signal)),
    shared('inspections', () => inspectDue(parts, signal)),
    claimed('statistics', () => sumUp(parts, signal)),
    claimed('samples', () => sample(parts), 'statistics.sampleMs'),
    claimed('pool', () => watchPool(parts)),
    claimed('old-statistics', () => deleteOldStatistics(parts, signal)),
    claimed('old-batches', () => batches.tidy()),
    claimed('sent-refresh-tokens', async () => {
      await deleteOldSent(database, sentKeptDays);
    }),
  ];
  return {
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
