import { openTestRedis } from './redis.js';

test('removes its own keys at the end, and no others', async () => {
  const [mine, other] = await Promise.all([openTestRedis(), openTestRedis()]);
  await mine.client.set(`${mine.prefix}a`, '1');
  await other.client.set(`${other.prefix}a`, '2');
  await mine.close();
  expect(await other.client.keys(`${mine.prefix}*`)).toEqual([]);
  expect(await other.client.get(`${other.prefix}a`)).toBe('2');
  await other.close();
});

test('removes more keys than one scan returns', async () => {
  const [mine, other] = await Promise.all([openTestRedis(), openTestRedis()]);
  const pairs = Array.from({ length: 2_000 }, (_, i) => [`${mine.prefix}${i}`, 'x']);
  await mine.client.mset(pairs.flat());
  await mine.close();
  expect(await other.client.keys(`${mine.prefix}*`)).toEqual([]);
  await other.close();
});

test('says how to run the tests when no server is named', async () => {
  await expect(openTestRedis('')).rejects.toThrow('npm test');
});
