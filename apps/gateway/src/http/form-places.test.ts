import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { FormPlaces, noteKey } from './form-places.js';

function requestOf(key: string | undefined): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  if (key !== undefined) noteKey(request, key);
  return request;
}
const places = (patienceMs = 60_000) => new FormPlaces({ most: 5, mostOfKey: 2, patienceMs });
const busy = { code: 'service_unavailable' };

test('a key that has all of its places waits, and others find theirs', async () => {
  const all = places();
  const [first] = await Promise.all([all.take(requestOf('a')), all.take(requestOf('a'))]);
  let isThird = false;
  const third = all.take(requestOf('a')).then((place) => {
    isThird = true;
    return place;
  });
  await Promise.all([all.take(requestOf('b')), all.take(requestOf('b')), all.take(requestOf(undefined))]);
  expect(isThird).toBe(false);
  // A second time does nothing.
  first.release();
  first.release();
  expect(await third).toBeDefined();
});

test('who finds no place in time is told to come back, and leaves none taken', async () => {
  const all = places(20);
  const taken = await Promise.all(['a', 'a', 'b', 'b', 'c'].map((key) => all.take(requestOf(key))));
  await expect(all.take(requestOf('a'))).rejects.toMatchObject(busy);
  await expect(all.take(requestOf('c'))).rejects.toMatchObject(busy);
  await expect(all.take(requestOf(undefined))).rejects.toMatchObject(busy);
  for (const place of taken) place.release();
  const again = ['c', 'c', 'a', 'a', 'b'].map((key) => all.take(requestOf(key)));
  expect(await Promise.all(again)).toHaveLength(5);
});
