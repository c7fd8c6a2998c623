import { waitFor } from '@reelay/testing/wait-for';
import { RefreshGate } from './refresh-gate.js';

const long = 60_000;
const soon = { timeoutMs: 8_000, intervalMs: 1 };
const open = (concurrency = 2, takeTurn: (target: string) => Promise<number> = async () => 0) =>
  new RefreshGate({ concurrency: async () => concurrency, takeTurn });

/** Work that goes on until it is let go. */
function held() {
  const running: (() => void)[] = [];
  const work = () => new Promise<string>((resolve) => running.push(() => resolve('done')));
  return { running, work };
}

test('lets in so many at once, the others in the order they came', async () => {
  const { running, work } = held();
  const gate = open(2);
  const ends = Array.from({ length: 5 }, () => gate.pass('a', long, work));
  for (let gone = 0; gone < 5; gone += 1) {
    await waitFor(() => running.length >= Math.min(5, gone + 2), soon);
    expect(running.length).toBeLessThanOrEqual(gone + 2);
    running[gone]?.();
  }
  expect(await Promise.all(ends)).toEqual(Array(5).fill('done'));
});

test('one upstream that is slow holds up no other', async () => {
  const { running, work } = held();
  const gate = open(1);
  const slow = gate.pass('slow', long, work);
  expect(await gate.pass('other', long, async () => 'passed')).toBe('passed');
  await waitFor(() => running.length === 1, soon);
  running[0]?.();
  expect(await slow).toBe('done');
});

test('whoever waited long enough begins nothing, and the line goes on', async () => {
  const { running, work } = held();
  const gate = open(1);
  const first = gate.pass('a', long, work);
  let isBegun = false;
  const impatient = gate.pass('a', 20, async () => {
    isBegun = true;
  });
  const patient = gate.pass('a', long, async () => 'patient');
  expect(await impatient).toBeUndefined();
  expect(isBegun).toBe(false);
  running[0]?.();
  expect(await first).toBe('done');
  expect(await patient).toBe('patient');
});

test('waits for its turn, and gives up at once where that would come too late', async () => {
  const waits = [5, 5, 0];
  const gate = open(1, async () => waits.shift() ?? 0);
  expect(await gate.pass('a', long, async () => 'in turn')).toBe('in turn');
  expect(waits).toEqual([]);
  const late = open(1, async () => long + 1_000);
  expect(await late.pass('a', long, async () => 'never')).toBeUndefined();
});

test('a failure leaves its place to the next one', async () => {
  const gate = open(1);
  await expect(gate.pass('a', long, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await gate.pass('a', long, async () => 'next')).toBe('next');
});

test('once it is closed nobody is let in, and nobody waits on', async () => {
  const { running, work } = held();
  const gate = open(1);
  const first = gate.pass('a', long, work);
  const waiting = gate.pass('a', long, async () => 'too late');
  await waitFor(() => running.length === 1, soon);
  gate.close();
  expect(await waiting).toBeUndefined();
  running[0]?.();
  expect(await first).toBe('done');
  expect(await gate.pass('a', long, async () => 'too late')).toBeUndefined();
});
