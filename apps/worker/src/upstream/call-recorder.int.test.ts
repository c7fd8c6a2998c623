import { createDatabase } from '@reelay/db/client';
import { insertGeneration } from '@reelay/db/factories/insert-generation';
import { createLogger } from '@reelay/platform/logger';
import { waitFor } from '@reelay/testing/wait-for';
import { openTestFile, type TestFile } from '../testing/test-worker.js';
import { CallRecorder } from './call-recorder.js';

let file: TestFile;
const log = createLogger({ app: 'test', write: () => {} });
const call = {
  method: 'GET',
  url: 'http://upstream/pending',
  startedAt: new Date(),
  durationMs: 12,
  status: 200,
  requestHeaders: { accept: '*/*' },
  responseHeaders: {},
  responseBody: '[]',
};

beforeAll(async () => {
  file = await openTestFile();
});
afterAll(() => file.close());

it('upstream calls are written beside the work, with whom they were for', async () => {
  const recorder = new CallRecorder(file.database, log);
  const generationId = await insertGeneration(file.database);
  recorder.record({ tokenId: 't', generationId, attemptId: 'a', operation: 'submit' }, call);
  recorder.record({ tokenId: 't', operation: 'poll' }, { ...call, status: undefined, error: 'timeout' });
  await waitFor(async () => (await file.database.upstreamCall.count()) === 2, { timeoutMs: 20_000 });
  const rows = await file.database.upstreamCall.findMany({ orderBy: { id: 'asc' } });
  expect(rows).toMatchObject([
    { generationId, attemptId: 'a', operation: 'submit', status: 200, durationMs: 12 },
    { generationId: null, operation: 'poll', status: null, error: 'timeout' },
  ]);
  expect(JSON.parse(rows[0]?.response ?? '')).toEqual({ headers: {}, body: '[]' });
});

it('upstream calls that cannot be written disturb nobody', async () => {
  const database = createDatabase({ url: 'postgresql://nobody@127.0.0.1:1/none', applicationName: 'test' });
  const recorder = new CallRecorder(database, log);
  recorder.record({ tokenId: 't', operation: 'poll' }, call);
  await recorder.flush();
  await database.$disconnect();
});
