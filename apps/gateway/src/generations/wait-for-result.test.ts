import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { defaultSettings } from '@reelay/contracts/settings';
import type { TerminalEvent } from '../events/watch-hub.js';
import { Delivery } from './delivery.js';
import { waitForResult } from './wait-for-result.js';

const reference = { id: '01J00000000000000000000000', dialect: 'chat', publicUrl: 'http://gateway.test' } as const;
const succeeded = {
  type: 'generation.succeeded',
  seq: 2,
  data: { result: { text: 'made' } },
} as unknown as TerminalEvent;

/** An answer whose connection the test closes, and what its row was told. */
function setUp(end: TerminalEvent | undefined) {
  const response = new EventEmitter() as unknown as ServerResponse;
  const settled: boolean[] = [];
  const delivery = new Delivery(response, async (isDelivered) => void settled.push(isDelivered));
  const signals: AbortSignal[] = [];
  const parts = {
    settings: { read: async () => defaultSettings },
    hub: {
      waitForEnd: async (_id: string, signal: AbortSignal) => {
        signals.push(signal);
        return end;
      },
    },
    stopping: new AbortController().signal,
  } as unknown as Parameters<typeof waitForResult>[0];
  const wait = <Answer>(describe: () => Promise<Answer>) => waitForResult(parts, { reference, delivery, describe });
  return { delivery, settled, signals, wait };
}

test('what is answered carries the result, and nothing goes on waiting behind it', async () => {
  const { delivery, settled, signals, wait } = setUp(succeeded);
  expect(await wait(async () => 'the answer')).toBe('the answer');
  expect([delivery.carriesResult, settled]).toEqual([true, []]);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
});

test('a result that cannot be described was not delivered: the client’s retry finds it', async () => {
  const { delivery, settled, wait } = setUp(succeeded);
  await expect(wait(() => Promise.reject(new Error('the database is away')))).rejects.toThrow('away');
  expect([delivery.carriesResult, settled]).toEqual([false, [false]]);
});

test('one that goes on when the time is over is not delivered either', async () => {
  const { delivery, settled, wait } = setUp(undefined);
  await expect(wait(async () => 'never')).rejects.toMatchObject({ code: 'still_running' });
  expect([delivery.carriesResult, settled]).toEqual([false, [false]]);
});
