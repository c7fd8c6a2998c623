import type { Database } from '@reelay/db/client';
import { createLogger } from '@reelay/platform/logger';
import { waitFor } from '@reelay/testing/wait-for';
import { Waiters } from './waiters.js';

interface Statement {
  values: readonly unknown[];
}

/** The generations that each statement told of. */
let told: string[][];
let waiters: Waiters;

beforeEach(() => {
  told = [];
  const database = {
    $queryRaw: async ({ values }: Statement) => {
      const releases = JSON.parse(String(values[0])) as { generationId: string; isDelivered: boolean }[];
      told.push(releases.map(({ generationId, isDelivered }) => `${generationId} ${isDelivered}`));
      return [];
    },
  } as unknown as Database;
  const log = createLogger({ app: 'test', write: () => undefined });
  waiters = new Waiters({ database, waiterKey: { key: 1n, isHeld: () => true, close: async () => undefined }, log });
});

const isTold = () => waitFor(async () => waiters.held.length === 0, { timeoutMs: 10_000, intervalMs: 5 });

test('what was delivered in one moment is told by one statement', async () => {
  for (const id of ['a', 'b', 'c']) {
    waiters.hold(id);
    await waiters.release(id, true);
  }
  await isTold();
  expect(told).toEqual([['a true', 'b true', 'c true']]);
});

test('what was not delivered is told before anything else happens, and what had gathered with it', async () => {
  for (const id of ['a', 'b']) waiters.hold(id);
  await waiters.release('a', true);
  await waiters.release('b', false);
  expect(told).toEqual([['a true', 'b false']]);
  expect(waiters.held).toEqual([]);
});

test('two requests that waited for the same generation are both told of', async () => {
  waiters.hold('a');
  waiters.hold('a');
  await waiters.release('a', true);
  await waiters.release('a', false);
  expect(told).toEqual([['a false']]);
  expect(waiters.held).toEqual([]);
});

test('a process that ends tells what has gathered', async () => {
  waiters.hold('a');
  await waiters.release('a', true);
  await waiters.close();
  expect(told).toEqual([['a true']]);
});
