import { type Place, Turnstile, type TurnstileOptions } from './turnstile.js';

const hour = 3_600_000;
const wide = { atOnce: 2, mostWaiting: 10, patienceMs: hour, longestTurnMs: hour };
const loop = () => new Promise((resolve) => setImmediate(resolve));

/** Enters by name, and keeps in which order the turns came. */
function crowd(options: Partial<TurnstileOptions> = {}) {
  const turnstile = new Turnstile({ ...wide, ...options });
  const admitted: string[] = [];
  const refused: unknown[] = [];
  const places: Place[] = [];
  const enter = (name: string, key = 'one') => {
    const place = turnstile.enter(key);
    places.push(place);
    if (place.turn === undefined) admitted.push(name);
    else place.turn.then(() => admitted.push(name)).catch((error: unknown) => refused.push(error));
    return place;
  };
  const end = () => {
    for (const place of places) place.leave();
  };
  return { turnstile, admitted, refused, enter, end };
}

/** As many rounds of the event loop as a line of this length takes, and some more. */
async function rounds() {
  for (let n = 0; n < 20; n += 1) await loop();
}

test('so many are at work, and who waits comes in as it came when one has done', async () => {
  const { admitted, enter, end } = crowd();
  const [first, second] = ['a', 'b', 'c', 'd'].map((name) => enter(name));
  await rounds();
  expect(admitted).toEqual(['a', 'b']);
  first?.leave();
  first?.leave();
  await rounds();
  expect(admitted).toEqual(['a', 'b', 'c']);
  second?.leave();
  await rounds();
  expect(admitted).toEqual(['a', 'b', 'c', 'd']);
  end();
});

test('only one comes in between two rounds of the event loop', async () => {
  const { admitted, enter } = crowd({ atOnce: 3 });
  const places = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => enter(name));
  for (const place of places.slice(0, 3)) place.leave();
  const seen: number[] = [];
  while (admitted.length < 6) {
    await loop();
    seen.push(admitted.length);
  }
  for (const [index, count] of seen.entries()) expect(count - (seen[index - 1] ?? 3)).toBeLessThanOrEqual(1);
  for (const place of places) place.leave();
});

test('a crowd of one key does not stand before others', async () => {
  const { admitted, enter } = crowd({ atOnce: 1 });
  const places = new Map(['a1', 'a2', 'a3', 'a4'].map((name) => [name, enter(name)]));
  for (const name of ['b1', 'b2']) places.set(name, enter(name, 'two'));
  for (let n = 0; n < places.size; n += 1) {
    places.get(admitted[n] ?? '')?.leave();
    await rounds();
  }
  expect(admitted).toEqual(['a1', 'a2', 'b1', 'a3', 'b2', 'a4']);
});

test('who leaves the line is passed over, and keeps nobody out', async () => {
  const { turnstile, admitted, enter, end } = crowd({ atOnce: 1, mostWaiting: 2 });
  const first = enter('a');
  const second = enter('b');
  expect(turnstile.waiting).toBe(1);
  second.leave();
  expect(turnstile.waiting).toBe(0);
  enter('c');
  first.leave();
  await rounds();
  expect(admitted).toEqual(['a', 'c']);
  end();
  expect(enter('next').turn).toBeUndefined();
  end();
});

test('no key takes more than half of the line, and nobody more than all of it', () => {
  const { enter, end } = crowd({ atOnce: 1, mostWaiting: 4 });
  for (const name of ['at work', 'a1', 'a2']) enter(name);
  expect(() => enter('a3')).toThrow(expect.objectContaining({ code: 'service_unavailable', retryAfterMs: 5_000 }));
  for (const name of ['b1', 'b2']) enter(name, 'two');
  expect(() => enter('c1', 'three')).toThrow(expect.objectContaining({ code: 'service_unavailable' }));
  end();
});

test('who waits longer than the patience is told to come again, and is in no line any more', async () => {
  const { turnstile, refused, enter, end } = crowd({ atOnce: 1, patienceMs: 1 });
  enter('a');
  const { turn } = enter('b');
  await expect(turn).rejects.toMatchObject({ code: 'service_unavailable', retryAfterMs: 5_000 });
  await rounds();
  expect(refused).toHaveLength(1);
  expect(turnstile.waiting).toBe(0);
  end();
});

test('a turn that lasts too long keeps nobody waiting', async () => {
  const { admitted, enter, end } = crowd({ atOnce: 1, longestTurnMs: 1 });
  enter('stuck');
  await enter('next').turn;
  expect(admitted).toEqual(['stuck', 'next']);
  end();
});

test('a restart refuses everybody in line, and nobody at work', async () => {
  const { turnstile, admitted, refused, enter, end } = crowd({ atOnce: 1 });
  for (const name of ['a', 'b', 'c']) enter(name);
  turnstile.close();
  await rounds();
  expect(admitted).toEqual(['a']);
  expect(refused).toMatchObject([{ code: 'gateway_restarting' }, { code: 'gateway_restarting' }]);
  expect(turnstile.waiting).toBe(0);
  end();
});

test('who was in before comes in before all lines, however long they are', async () => {
  const { turnstile, admitted, enter, end } = crowd({ atOnce: 1, mostWaiting: 2 });
  const [first] = [enter('a'), enter('b', 'two'), enter('c', 'three')];
  const back = turnstile.comeBack();
  void back.turn?.then(() => admitted.push('back'));
  expect(() => enter('d')).toThrow();
  first?.leave();
  await rounds();
  expect(admitted).toEqual(['a', 'back']);
  back.leave();
  await rounds();
  expect(admitted).toEqual(['a', 'back', 'b']);
  end();
});

test('who was in before is let in at once where nobody waits, and is refused with the others by a restart', async () => {
  const { turnstile, refused } = crowd({ atOnce: 1 });
  const free = turnstile.comeBack();
  expect(free.turn).toBeUndefined();
  const waiting = turnstile.comeBack();
  waiting.turn?.catch((error: unknown) => refused.push(error));
  turnstile.close();
  await rounds();
  expect(refused).toMatchObject([{ code: 'gateway_restarting' }]);
  free.leave();
});
