import { openTestFile, type TestFile } from '../testing/test-worker.js';
import { forgetRecords } from './forget-records.js';

let file: TestFile;

beforeAll(async () => {
  file = await openTestFile();
});
afterAll(() => file.close());

const callsOf = async (count: number) => {
  await file.database.$executeRaw`
    INSERT INTO upstream_call (operation, method, url, duration_ms, created_at)
    SELECT 'poll', 'GET', 'https://x/', 1, now() - interval '99 days' FROM generate_series(1, ${count}::integer)`;
};

describe('old records', () => {
  it('go in one round, in as many portions as they take', async () => {
    await callsOf(5_001);
    const { parts, context } = await file.startWorker();
    await forgetRecords(parts, context.signal);
    expect(await file.database.upstreamCall.count()).toBe(0);
  });

  it('go although those of webhooks cannot be deleted, and the reason is told', async () => {
    await callsOf(3);
    const { parts, context } = await file.startWorker();
    await file.database.$executeRaw`ALTER TABLE webhook_delivery RENAME TO elsewhere`;
    await expect(forgetRecords(parts, context.signal)).rejects.toThrow('webhook_delivery');
    await file.database.$executeRaw`ALTER TABLE elsewhere RENAME TO webhook_delivery`;
    expect(await file.database.upstreamCall.count()).toBe(0);
  });
});
