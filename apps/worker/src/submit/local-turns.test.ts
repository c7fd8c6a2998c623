import { LocalTurns } from './local-turns.js';

const patience = { withinMs: 60_000, signal: new AbortController().signal };

test('gives an account to one after another, in the order they came', async () => {
  const turns = new LocalTurns();
  const order: string[] = [];
  const first = await turns.take('token', patience);
  const others = ['second', 'third'].map(async (name) => {
    const handOn = await turns.take('token', patience);
    order.push(name);
    handOn?.();
  });
  order.push('first');
  first?.();
  await Promise.all(others);
  expect(order).toEqual(['first', 'second', 'third']);
});

test('accounts do not wait for each other', async () => {
  const turns = new LocalTurns();
  await turns.take('one', patience);
  expect(await turns.take('another', patience)).toBeDefined();
});

test('who gives up gets no turn, and those behind wait for those before', async () => {
  const turns = new LocalTurns();
  const first = await turns.take('token', patience);
  expect(await turns.take('token', { ...patience, withinMs: 0 })).toBeUndefined();
  let isReached = false;
  const third = turns.take('token', patience).then((handOn) => {
    isReached = true;
    return handOn;
  });
  await new Promise(setImmediate);
  expect(isReached).toBe(false);
  first?.();
  expect(await third).toBeDefined();
});

test('who is called off leaves the line', async () => {
  const turns = new LocalTurns();
  const first = await turns.take('token', patience);
  const leaving = new AbortController();
  const second = turns.take('token', { ...patience, signal: leaving.signal });
  leaving.abort(new Error('the process is leaving'));
  await expect(second).rejects.toThrow();
  first?.();
  expect(await turns.take('token', patience)).toBeDefined();
});
