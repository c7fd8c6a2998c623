import { type RunningSimulator, startSimulator } from '../testing/start-simulator.js';

let simulator: RunningSimulator;
let url: string;

beforeAll(async () => {
  simulator = await startSimulator();
  await simulator.create();
  simulator.clock.now += 10_000;
  url = (await simulator.drafts()).json.items[0]?.url ?? '';
});

afterAll(() => simulator.close());

async function fetchBytes(headers: Record<string, string> = {}, method = 'GET') {
  const response = await fetch(url, { method, headers });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

test('a link gives the whole video to whoever has it', async () => {
  const { response, bytes } = await fetchBytes();
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('video/mp4');
  expect(response.headers.get('content-length')).toBe(String(bytes.length));
  expect(response.headers.get('accept-ranges')).toBe('bytes');
  expect(bytes.toString('latin1', 4, 8)).toBe('ftyp');
});

test('a range gives a part of the same bytes', async () => {
  const whole = (await fetchBytes()).bytes;
  const { response, bytes } = await fetchBytes({ range: 'bytes=100-299' });
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe(`bytes 100-299/${whole.length}`);
  expect(bytes).toEqual(whole.subarray(100, 300));
});

test('a range beyond the end is refused with the true size', async () => {
  const size = (await fetchBytes()).bytes.length;
  const { response } = await fetchBytes({ range: `bytes=${size}-` });
  expect(response.status).toBe(416);
  expect(response.headers.get('content-range')).toBe(`bytes */${size}`);
});

test('HEAD tells the size without the bytes', async () => {
  const { response, bytes } = await fetchBytes({}, 'HEAD');
  expect(response.status).toBe(200);
  expect(Number(response.headers.get('content-length'))).toBeGreaterThan(10_000);
  expect(bytes).toHaveLength(0);
});

test('a link cannot be changed or made', async () => {
  const later = url.replace(/exp=\d+/, 'exp=9999999999');
  expect((await simulator.call(later)).status).toBe(403);
  expect((await simulator.call(url.split('?')[0] ?? '')).status).toBe(403);
  expect((await simulator.call(url.replace(/gen_\w+/, 'gen_other'))).status).toBe(403);
});

test('a link ends, and a new look at the drafts gives a new one', async () => {
  simulator.clock.now += 2 * 3_600_000;
  expect((await fetchBytes()).response.status).toBe(403);
  const fresh = (await simulator.drafts()).json.items[0]?.url ?? '';
  expect((await simulator.call(fresh)).status).toBe(200);
});
