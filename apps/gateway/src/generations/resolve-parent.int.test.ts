/** Ids in prompts: whose they are, what they stand for upstream, and which account has to do the work. */
import { randomUUID } from 'node:crypto';
import { insertToken } from '@reelay/db/factories/insert-token';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { fail, succeed, succeedWith } from '../testing/play-worker.js';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js';

let testDatabase: TestDatabase;
let redis: TestRedis;
let gateway: TestGateway;
/** Of the same owner, and of another one. */
let key: string;
let strangersKey: string;

beforeAll(async () => {
  [testDatabase, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
  gateway = await startTestGateway({
    ...{ databaseUrl: testDatabase.url, redisUrl: redis.url, redisPrefix: redis.prefix },
    settings: { 'sora.publishForRemix': true, 'stream.recheckMs': 50 },
  });
  key = await gateway.newClient();
  strangersKey = await gateway.newClient();
});

afterAll(async () => {
  await gateway.close();
  await Promise.all([testDatabase.drop(), redis.close()]);
});

const standard = 'sora2-landscape-10s';
const extension = 'sora2-extension-10s';

function send(prompt: string, model = standard, as = key, on = gateway): Promise<Response> {
  return on.send(as, '/v1/videos', { json: { prompt, model } });
}

async function create(prompt: string, model = standard): Promise<string> {
  const response = await send(prompt, model);
  const { id } = (await response.json()) as { id: string };
  expect([response.status, id]).toEqual([200, expect.stringMatching(/^video_/) as string]);
  return id.slice('video_'.length);
}

const rowOf = (id: string) => gateway.database.generation.findUniqueOrThrow({ where: { id } });
const refusal = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string; param: string; message: string } };
  return { status: response.status, ...error };
};

/** A finished video of ours, and the draft that the account of `tokenId` has of it. */
async function createFinished(token: Parameters<typeof insertToken>[1] = {}) {
  const id = await create('a boat');
  const tokenId = await insertToken(gateway.database, token);
  const draftId = `gen_${randomUUID().replaceAll('-', '')}`;
  const [operationId, now] = [`task_${id}`, new Date()];
  const attempt = { id: `attempt-${id}`, generationId: id, step: 1, n: 1, tokenId, provider: 'sora', fence: 1 };
  const end = { state: 'ended', operationId, operation: { id: operationId }, sentAt: now, ackedAt: now, closedAt: now };
  await gateway.database.submitAttempt.create({ data: { ...attempt, ...end, takesTurn: false, draftId } });
  await succeed(gateway, id);
  return { id, tokenId, draftId };
}

test('an own id stands for the draft of its generation, on the account that has it', async () => {
  const { id, tokenId, draftId } = await createFinished();
  for (const mention of [`video_${id}`, `chatcmpl-${id}`, `rly_${id}`, draftId]) {
    const row = await rowOf(await create(`${mention} a meteor shower`, extension));
    expect(row.lane).toBe(`sora:video:any:sora2:${tokenId}`);
    expect(row.request).toMatchObject({
      workflow: 'extension',
      prompt: 'a meteor shower',
      parent: { type: 'draft', id: draftId, generationId: id },
    });
  }
});

test('a remix of an own video is pinned, shown as one, and needs no plan of its model', async () => {
  const { id, tokenId, draftId } = await createFinished();
  const response = await send(`in ink {comic} video_${id}`, 'sora2pro-landscape-15s');
  const video = (await response.json()) as { id: string };
  expect(video).toMatchObject({ remixed_from_video_id: `video_${id}`, prompt: `in ink {comic} video_${id}` });
  const view = await gateway.send(key, `/v1/generations/${video.id}`);
  expect(await view.json()).toMatchObject({ prompt: 'in ink', style: 'comic', parent: `video_${id}` });
  const row = await rowOf(video.id.slice('video_'.length));
  expect(row.lane).toBe(`sora:video:any:sora2:${tokenId}`);
  expect(row.request).toMatchObject({ workflow: 'remix', prompt: 'in ink', parent: { id: draftId, generationId: id } });
});

test('a draft that nobody here made goes to any account as it is', async () => {
  const row = await rowOf(await create('gen_unknown1 a meteor shower', extension));
  expect(row.lane).toBe('sora:video:any:sora2');
  expect((row.request as { parent: unknown }).parent).toEqual({ type: 'draft', id: 'gen_unknown1' });
});

test('a public clip is anybody to remix, on any account', async () => {
  const share = `s_${'ab'.repeat(16)}`;
  const row = await rowOf(await create(`https://sora.chatgpt.com/p/${share} in ink`));
  expect([row.lane, (row.request as { parent: unknown }).parent]).toEqual([
    'sora:video:any:sora2',
    { type: 'share', id: share },
  ]);
});

test('what belongs to another owner does not exist, by our id and by the upstream one', async () => {
  const { id, draftId } = await createFinished();
  for (const mention of [`video_${id}`, draftId]) {
    const error = await refusal(await send(`${mention} on`, extension, strangersKey));
    expect(error).toMatchObject({ status: 404, code: 'not_found', param: 'prompt' });
  }
  const unknown = await send('video_01JD0000000000000000000000 on', extension);
  const message = 'Nothing with the id "video_01JD0000000000000000000000" belongs to this key.';
  expect(await refusal(unknown)).toMatchObject({ status: 404, code: 'not_found', param: 'prompt', message });
});

test('what is not finished, failed or left no draft is refused with the reason', async () => {
  const waiting = await create('still waiting');
  const failed = await create('fails');
  await fail(gateway, failed, { code: 'upstream_failed', message: 'It broke.' });
  const text = await gateway.send(key, '/v1/chat/completions', {
    json: { model: 'prompt-enhance-short-10s', messages: [{ role: 'user', content: 'cat' }], stream: true },
  });
  const { id: enhanced } = await gateway.database.generation.findFirstOrThrow({ where: { kind: 'enhance' } });
  await succeedWith(gateway, enhanced, { text: 'a cat' });
  await text.text();
  for (const [id, message] of [
    [waiting, /not finished yet/],
    [failed, /it failed/],
    [enhanced, /a text without a draft/],
  ] as const) {
    const small = await refusal(await send(`go on with chatcmpl-${id.toLowerCase()}`, extension));
    expect(small.message).toMatch(new RegExp(`^chatcmpl-${id.toLowerCase()} `));
    const error = await refusal(await send(`video_${id} on`, extension));
    expect(error).toMatchObject({ status: 400, code: 'invalid_value', param: 'prompt' });
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(new RegExp(`^video_${id} `));
  }
});

test('a video whose account was removed or switched off is refused, with the reason', async () => {
  const { id, tokenId } = await createFinished();
  await gateway.database.token.update({ where: { id: tokenId }, data: { state: 'disabled' } });
  const off = await refusal(await send(`video_${id} on`, extension));
  expect(off).toMatchObject({ status: 403, code: 'model_not_available' });
  expect(off.message).toContain('switched off');
  await gateway.database.token.update({ where: { id: tokenId }, data: { hiddenAt: new Date() } });
  const gone = await refusal(await send(`video_${id} on`, extension));
  expect(gone).toMatchObject({ status: 403, code: 'model_not_available', param: 'prompt' });
  expect(gone.message).toContain('was removed');
});

test('a remix that needs a plan its account has not is refused before it waits for ever', async () => {
  const { id } = await createFinished({ plan: 'plus' });
  const error = await refusal(await send(`video_${id} in ink`, 'sora2-landscape-25s'));
  expect(error).toMatchObject({ status: 403, code: 'model_not_available', param: 'model' });
  expect(error.message).toContain('no plan pro');
});

test('an own video is remixed only where the operator lets it be published, and everything else goes on', async () => {
  const { id } = await createFinished();
  const database = { databaseUrl: testDatabase.url, redisUrl: redis.url, redisPrefix: redis.prefix };
  const careful = await startTestGateway({ ...database, settings: { 'sora.publishForRemix': false } });
  try {
    for (const mention of [`video_${id}`, `chatcmpl-${id}`]) {
      const error = await refusal(await send(`${mention} in ink`, standard, key, careful));
      expect(error).toMatchObject({ status: 400, code: 'remix_needs_publishing', param: 'prompt' });
    }
    const field = { model: standard, messages: [{ role: 'user', content: 'in ink' }], remix_target_id: 'gen_unknown1' };
    const asked = await careful.send(key, '/v1/chat/completions', { json: field });
    expect(await refusal(asked)).toMatchObject({ code: 'remix_needs_publishing', param: 'remix_target_id' });
    expect((await send(`video_${id} on`, extension, key, careful)).status).toBe(200);
    expect((await send(`s_${'cd'.repeat(16)} in ink`, standard, key, careful)).status).toBe(200);
  } finally {
    await careful.close();
  }
});
