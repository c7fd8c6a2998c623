import type { LaneState } from '@reelay/db/lanes/list-lane-states';
import { LaneStates } from './lane-states.js';

/** Reads of a store that is answered by hand, by a clock that is set by hand. */
function stand() {
  let nowMs = 0;
  const asked: PromiseWithResolvers<LaneState[]>[] = [];
  const load = () => {
    const answer = Promise.withResolvers<LaneState[]>();
    asked.push(answer);
    return answer.promise;
  };
  const states = new LaneStates(load, () => nowMs);
  const answer = (tokens: number) => asked.at(-1)?.resolve([{ tokens } as LaneState]);
  return {
    asked,
    answer,
    read: async () => (await states.read()).map(({ tokens }) => tokens),
    pass: (ms: number) => (nowMs += ms),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('all who ask at once wait for one question, and for half a second nobody asks again', async () => {
  const { asked, answer, read, pass } = stand();
  const first = [read(), read()];
  answer(1);
  expect(await Promise.all(first)).toEqual([[1], [1]]);
  pass(499);
  expect(await read()).toEqual([1]);
  expect(asked).toHaveLength(1);
});

test('what grows old is asked for anew while the known is given, and never given beyond a second', async () => {
  const { asked, answer, read, pass } = stand();
  const first = read();
  answer(1);
  await first;
  pass(500);
  expect(await read()).toEqual([1]);
  pass(500);
  const late = read();
  expect(asked).toHaveLength(2);
  answer(2);
  expect(await late).toEqual([2]);
});

test('a failure meets only who has to wait for the answer', async () => {
  const { asked, answer, read, pass } = stand();
  const first = read();
  answer(1);
  await first;
  pass(600);
  expect(await read()).toEqual([1]);
  asked.at(-1)?.reject(new Error('away'));
  await settled();
  pass(600);
  const late = read();
  asked.at(-1)?.reject(new Error('still away'));
  await expect(late).rejects.toThrow('still away');
});
