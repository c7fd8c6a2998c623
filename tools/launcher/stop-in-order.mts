import type { AppName } from './app-environment.mts';
import type { SupervisedChild } from './supervised-child.mts';

/** Who works for whom: the worker still needs the token-manager while it drains, and that the simulator. */
const order: AppName[][] = [['gateway', 'worker'], ['token-manager'], ['simulator']];
const appsTimeoutMs = 8_000;
const totalTimeoutMs = 9_700;

/** Ends the apps, then the databases. Who takes too long is killed, so that it is over within ten seconds. */
export async function stopInOrder(
  apps: ReadonlyMap<AppName, SupervisedChild>,
  databases: readonly SupervisedChild[],
): Promise<void> {
  const startedAt = performance.now();
  await withDeadline(appsTimeoutMs, [...apps.values()], async () => {
    for (const group of order) await Promise.all(group.map((app) => apps.get(app)?.stop()));
  });
  const leftMs = totalTimeoutMs - (performance.now() - startedAt);
  await withDeadline(leftMs, databases, () => Promise.all(databases.map((child) => child.stop())));
}

async function withDeadline(
  timeoutMs: number,
  children: readonly SupervisedChild[],
  work: () => Promise<unknown>,
): Promise<void> {
  const timer = setTimeout(() => {
    for (const child of children) child.kill();
  }, timeoutMs);
  await work();
  clearTimeout(timer);
}
