import { Turns } from './turns.js';

/** Work that ends when it is told to. */
function held() {
  let end: (fail?: Error) => void = () => {};
  const done = new Promise<void>((resolve, reject) => {
    end = (fail) => (fail ? reject(fail) : resolve());
  });
  return { work: () => done, end: (fail?: Error) => end(fail) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('so many run at once, the others follow in their order, and one too many is told to come later', async () => {
  const turns = new Turns({ atOnce: 2, mostWaiting: 2 });
  const works = [held(), held(), held(), held()];
  const begun: number[] = [];
  const takes = works.map(({ work }, index) =>
    turns.take(() => {
      begun.push(index);
      return work();
    }),
  );
  await expect(turns.take(async () => {})).rejects.toMatchObject({ code: 'service_unavailable', retryAfterMs: 5_000 });
  expect(begun).toEqual([0, 1]);
  works[1]?.end(new Error('failed'));
  await expect(takes[1]).rejects.toThrow('failed');
  await settled();
  expect(begun).toEqual([0, 1, 2]);
  for (const { end } of works) end();
  await Promise.all([takes[0], takes[2], takes[3]]);
  expect(begun).toEqual([0, 1, 2, 3]);
  expect(await turns.take(async () => 'free again')).toBe('free again');
});
