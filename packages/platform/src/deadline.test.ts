import { getEventListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Deadline } from './deadline.js';

const hour = 3_600_000;
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

test('aborts when its time is over, and says that it was that', async () => {
  const deadline = new Deadline({ timeoutMs: 1 });
  await new Promise((resolve) => deadline.signal.addEventListener('abort', resolve));
  expect(deadline.isOver).toBe(true);
  expect(deadline.signal.reason).toMatchObject({ name: 'TimeoutError' });
});

test('aborts with the reason of whichever signal is first, and lets go of the others', () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const deadline = new Deadline({ timeoutMs: hour, signals: [first.signal, undefined, second.signal] });
  second.abort('second');
  first.abort('first');
  expect(deadline.signal.reason).toBe('second');
  expect(deadline.isOver).toBe(false);
  expect(getEventListeners(first.signal, 'abort')).toEqual([]);
});

test('is aborted from the beginning by a signal that was before it', () => {
  const deadline = new Deadline({ timeoutMs: hour, signals: [AbortSignal.abort('before')] });
  expect(deadline.signal.reason).toBe('before');
});

test('once called off it holds no timer and no listener, and never aborts', async () => {
  const other = new AbortController();
  const before = timers();
  const deadline = new Deadline({ timeoutMs: 5, signals: [other.signal] });
  deadline.clear();
  expect(timers()).toBe(before);
  expect(getEventListeners(other.signal, 'abort')).toEqual([]);
  await pause(20);
  other.abort();
  deadline.clear();
  expect(deadline.signal.aborted).toBe(false);
  expect(deadline.isOver).toBe(false);
});

test('ended before its time it aborts what still goes on within it, and holds nothing', () => {
  const other = new AbortController();
  const deadline = new Deadline({ timeoutMs: hour, signals: [other.signal] });
  deadline.end();
  expect(deadline.signal.reason).toMatchObject({ name: 'AbortError' });
  expect(deadline.isOver).toBe(false);
  expect(getEventListeners(other.signal, 'abort')).toEqual([]);
});
