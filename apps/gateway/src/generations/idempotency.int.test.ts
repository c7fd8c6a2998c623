/** `Idempotency-Key` and admission, as clients meet them on the creating routes. */
import { deleteExpired } from '@reelay/db/repair/delete-expired';
import { writeSettings } from '@reelay/db/settings';
import { waitFor } from '@reelay/testing/wait-for';
import { succeed } from '../testing/play-worker.js';
import { samplePng } from '../testing/sample-media.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await openTestGateway({
    settings: { 'stream.recheckMs': 50 },
  });
});
beforeEach(async () => {
  key = await gateway.newClient();
});
afterAll(() => gateway.close());

const soon = { timeoutMs: 30_000, intervalMs: 20 };
const chat = '/v1/chat/completions';
const prompt = (text: string, more: object = {}) => ({
  ...{ model: 'sora2-landscape-10s', messages: [{ role: 'user', content: text }] },
  ...more,
});
const withKey = (name: string) => ({ 'idempotency-key': name });
const idOf = async (response: Response) => ((await response.json()) as { id: string }).id;
const codeOf = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string } };
  return [response.status, error.code];
};

async function rowsOf(text: string): Promise<string[]> {
  const rows = await gateway.database.$queryRaw<{ id: string }[]>`
    SELECT id FROM generation WHERE request->>'prompt' = ${text}`;
  return rows.map(({ id }) => id);
}

describe('an Idempotency-Key', () => {
  test('makes one generation of fifty equal requests at once', async () => {
    const videos = Array.from({ length: 50 }, () =>
      gateway.send(key, '/v1/videos', { json: { prompt: 'fifty boats' }, headers: withKey('fifty') }),
    );
    const ids = await Promise.all(videos.map(async (video) => idOf(await video)));
    const rows = await rowsOf('fifty boats');
    expect(new Set(ids)).toEqual(new Set(rows.map((id) => `video_${id}`)));
    expect(rows).toHaveLength(1);
  });

  test('attaches streams and answers in one piece to a generation that runs, and to one that has ended', async () => {
    const headers = withKey('attach');
    const ask = (stream: boolean) => gateway.send(key, chat, { json: prompt('one boat', { stream }), headers });
    const running = [ask(false), ask(true), ask(false), ask(true)];
    await waitFor(async () => (await rowsOf('one boat')).length > 0, soon);
    const streams = [await running[1]!, await running[3]!];
    const [id] = await rowsOf('one boat');
    await succeed(gateway, id!);
    const ended = [ask(false), ask(true)];
    for (const stream of [...streams, await ended[1]!]) {
      const text = await stream.text();
      expect(text).toContain(`chatcmpl-${id}`);
      expect(text).toMatch(/<video src='.*data: \[DONE\]\n\n$/s);
    }
    for (const answer of [running[0]!, running[2]!, ended[0]!]) expect(await idOf(await answer)).toBe(`chatcmpl-${id}`);
    expect(await rowsOf('one boat')).toHaveLength(1);
  });

  test('knows a form again whatever its boundary and order, by the bytes of its file', async () => {
    const send = (file: Uint8Array<ArrayBuffer>, fields: [string, string][]) => {
      const body = new FormData();
      for (const [name, value] of fields) body.append(name, value);
      body.append('input_reference', new Blob([file], { type: 'image/png' }), `${fields.length}-${file.length}.png`);
      return gateway.send(key, '/v1/videos', { body, headers: withKey('form') });
    };
    const file = samplePng(30, 20);
    const fields: [string, string][] = [
      ['prompt', 'a boat in a form'],
      ['seconds', '10'],
    ];
    const first = await idOf(await send(file, fields));
    expect(await idOf(await send(file, [...fields].reverse()))).toBe(first);
    expect(await codeOf(await send(samplePng(31, 20), fields))).toEqual([422, 'idempotency_key_reused']);
    expect(await rowsOf('a boat in a form')).toHaveLength(1);
  });

  test('is another one on another route, and for another request, and that is never a 409', async () => {
    const headers = withKey('reused');
    await gateway.send(key, '/v1/videos', { json: { prompt: 'reused' }, headers });
    const other = await gateway.send(key, '/v1/videos', { json: { prompt: 'something else' }, headers });
    expect(await codeOf(other)).toEqual([422, 'idempotency_key_reused']);
    expect(await codeOf(await gateway.send(key, chat, { json: prompt('reused'), headers }))).toEqual([
      422,
      'idempotency_key_reused',
    ]);
  });

  test('belongs to its owner: other keys of the same owner share it, other owners do not', async () => {
    const send = async (by: string) =>
      idOf(await gateway.send(by, '/v1/videos', { json: { prompt: 'whose boat' }, headers: withKey('whose') }));
    const first = await send(key);
    const { ownerId } = await gateway.database.generation.findUniqueOrThrow({
      where: { id: first.slice('video_'.length) },
    });
    expect(await send(await gateway.newClient(ownerId))).toBe(first);
    expect(await send(await gateway.newClient())).not.toBe(first);
  });

  test('is kept for a day by the clock of the database, then forgotten and swept', async () => {
    const send = async () =>
      idOf(await gateway.send(key, '/v1/videos', { json: { prompt: 'a day' }, headers: withKey('day') }));
    const first = await send();
    const [kept] = await gateway.database.$queryRaw<{ is_a_day: boolean }[]>`
      SELECT expires_at - created_at = interval '24 hours' AS is_a_day FROM idempotency WHERE key = 'day'`;
    expect(kept?.is_a_day).toBe(true);
    await gateway.database.$executeRaw`UPDATE idempotency SET expires_at = now() WHERE key = 'day'`;
    const second = await send();
    expect(second).not.toBe(first);
    expect(await send()).toBe(second);
    await gateway.database
      .$executeRaw`UPDATE idempotency SET expires_at = now() - interval '1 second' WHERE key = 'day'`;
    await deleteExpired(gateway.database);
    expect(await gateway.database.idempotency.count({ where: { key: 'day' } })).toBe(0);
  });

  test('of a deleted generation makes no second one', async () => {
    const send = () => gateway.send(key, '/v1/videos', { json: { prompt: 'gone' }, headers: withKey('gone') });
    const id = await idOf(await send());
    await gateway.send(key, `/v1/videos/${id}`, { method: 'DELETE' });
    expect(await codeOf(await send())).toEqual([404, 'not_found']);
  });
});

describe('admission', () => {
  const lane = 'sora:video:any:sora2';
  const state = { lane, tokens: 1, simulated: 0, serving: 1, freeSlots: 0, waiting: 0 };
  afterEach(async () => {
    await gateway.database.laneState.deleteMany();
    await gateway.database.setting.deleteMany({ where: { key: { startsWith: 'admission.' } } });
  });
  const create = (text: string, headers: Record<string, string> = {}) =>
    gateway.send(key, '/v1/videos', { json: { prompt: text }, headers });

  test('refuses what is beyond the limit of the key with a time to try again, and still finds what was made', async () => {
    await writeSettings(gateway.database, { 'admission.openPerKey': 2 });
    const first = await idOf(await create('within', withKey('within')));
    await create('within too');
    let refused = await create('beyond');
    // The limit itself is seen within the two seconds that settings take.
    await waitFor(async () => {
      if (refused.status !== 429) refused = await create('beyond');
      return refused.status === 429;
    }, soon);
    expect([refused.headers.get('retry-after'), refused.headers.get('x-should-retry')]).toEqual(['5', 'true']);
    expect(await codeOf(refused)).toEqual([429, 'rate_limit_exceeded']);
    expect(await idOf(await create('within', withKey('within')))).toBe(first);
    key = await gateway.newClient();
    expect((await create('of another key')).status).toBe(200);
  });

  test('refuses what would wait beyond its deadline, within what SDKs wait for', async () => {
    await gateway.database.laneState.create({ data: { ...state, waiting: 5, startEveryMs: 3_000_000 } });
    for (const each of ['one', 'two', 'three']) await create(each);
    const refused = await create('hopeless');
    expect([refused.headers.get('retry-after'), refused.headers.get('x-should-retry')]).toEqual(['60', 'true']);
    expect(await codeOf(refused)).toEqual([429, 'queue_full']);
    expect(await rowsOf('hopeless')).toEqual([]);
  });

  test('answers 503, and that a retry is useless, while nothing serves', async () => {
    const reason = 'every account needs attention';
    await gateway.database.laneState.create({ data: { ...state, serving: 0, reason } });
    const body = new FormData();
    body.append('prompt', 'out');
    body.append('input_reference', new Blob([samplePng(30, 20)]), 'a.png');
    for (const refused of [await create('out'), await gateway.send(key, '/v1/videos', { body })]) {
      expect([refused.headers.get('retry-after'), refused.headers.get('x-should-retry')]).toEqual([null, 'false']);
      expect(await refused.clone().text()).toContain(reason);
      expect(await codeOf(refused)).toEqual([503, 'no_account_in_service']);
    }
    expect(await rowsOf('out')).toEqual([]);
  });
});
