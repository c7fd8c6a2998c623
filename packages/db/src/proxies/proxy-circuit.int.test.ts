import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { assignLane } from '../assign/assign-lane.js';
import type { Assignment } from '../assign/take-slots.js';
import { acknowledgeSubmit } from '../attempts/acknowledge-submit.js';
import { beginSend } from '../attempts/begin-send.js';
import { withdrawAttempt } from '../attempts/withdraw-attempt.js';
import { createDatabase, type Database } from '../client.js';
import { insertToken } from '../factories/insert-token.js';
import { insertWaiting, videoLane } from '../factories/insert-waiting.js';
import { surveyLane } from '../lanes/survey-lane.js';
import { writeSealedSetting } from '../sealed-settings.js';
import { findCutOff, forgetProxyFaults } from './proxy-circuit.js';

let file: TestDatabase;
let database: Database;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE token, generation, proxy_circuit CASCADE`;
  await writeSealedSetting(database, 'proxy.default', 'the proxy of all');
});

const targets = { names: ['simulator'], simulated: [] };
const limits = { unlimitedSlots: 100, slotlessPerToken: 4 };

async function assign(kind: 'video' | 'enhance' = 'video'): Promise<Assignment[]> {
  const assigned: Assignment[] = [];
  await assignLane(database, {
    ...{ lane: { ...videoLane, kind }, slotKind: kind === 'video' ? 'video' : undefined, targets, batchSize: 50 },
    ...{ ...limits, newId: randomUUID, turns: () => [], signal: new AbortController().signal },
    onAssigned: (assignments) => assigned.push(...assignments),
  });
  return assigned;
}

/** As a worker does whose call did not get through; the row may be given out again at once. */
async function fail(attempt: Assignment | undefined): Promise<void> {
  if (!attempt) throw new Error('Nothing was assigned.');
  const { fence } = await database.submitAttempt.findUniqueOrThrow({ where: { id: attempt.attemptId } });
  await withdrawAttempt(database, {
    ...{ ...attempt, fence, from: ['intent'], to: 'not_sent', reason: 'the proxy is dead', pauseMs: 0, note: 'again' },
    proxyFault: { threshold: 3, openMs: 30_000, longestMs: 100_000 },
  });
}

const opened = async () => {
  const rows = await database.$queryRaw<{ faults: number; seconds: number | null }[]>`
    SELECT faults, round(extract(epoch FROM open_until - last_fault_at))::integer AS seconds FROM proxy_circuit`;
  return rows;
};
const timePasses = () => database.$executeRaw`UPDATE proxy_circuit SET open_until = now() - interval '1 second'`;

it('gives no work to any account behind a proxy that let nothing through three times in a row, and goes on with the others', async () => {
  const [behind, other] = [await insertToken(database), await insertToken(database, { proxySealed: 'another' })];
  await database.token.update({ where: { id: other }, data: { videoEnabled: false } });
  await insertWaiting(database, { count: 2 });
  for (let fault = 0; fault < 3; fault += 1) {
    expect(await findCutOff(database, behind)).toBeUndefined();
    const given = await assign();
    await fail(given[0]);
    // What was on its way when the proxy was found dead says nothing more.
    await database.$executeRaw`UPDATE generation SET token_id = NULL, fence = fence + 1`;
    await database.$executeRaw`UPDATE submit_attempt SET state = 'not_sent', closed_at = now() WHERE closed_at IS NULL`;
    await database.$executeRaw`DELETE FROM token_slot`;
  }
  expect(await opened()).toEqual([{ faults: 3, seconds: 30 }]);
  expect(await findCutOff(database, behind)).toEqual({ until: expect.any(Date), reason: 'the proxy is dead' });
  await insertToken(database);
  expect(await assign()).toEqual([]);
  await insertWaiting(database, { lane: { kind: 'enhance' } });
  expect(await assign('enhance')).toEqual([]);
  expect(await surveyLane(database, { lane: videoLane, slotKind: 'video', targets, ...limits })).toMatchObject({
    ...{ tokens: 2, cutOff: 2, freeSlots: 0 },
    recoversAt: expect.any(Date),
  });
  await database.token.update({ where: { id: other }, data: { videoEnabled: true } });
  expect((await assign()).map(({ tokenId }) => tokenId)).toEqual([other, other]);
  expect(await findCutOff(database, other)).toBeUndefined();
});

it('tries it again after a time, for longer each time it fails, and forgets it all with the first answer', async () => {
  await insertToken(database, { videoLimit: 2 });
  await insertWaiting(database, { count: 2 });
  for (const seconds of [null, null, 30, 60, 100, 100]) {
    const [first, second] = await assign();
    await fail(first);
    expect((await opened())[0]?.seconds).toBe(seconds);
    const before = await opened();
    // Of two that fail together the second counts while the proxy is not known to be dead, and only then.
    if (seconds !== null) {
      await fail(second);
      expect(await opened()).toEqual(before);
    } else {
      await database.$executeRaw`UPDATE submit_attempt SET state = 'not_sent', closed_at = now() WHERE closed_at IS NULL`;
      await database.$executeRaw`UPDATE generation SET token_id = NULL, fence = fence + 1`;
      await database.$executeRaw`DELETE FROM token_slot`;
    }
    await timePasses();
  }
  const [trial] = await assign();
  const { fence } = await database.submitAttempt.findUniqueOrThrow({ where: { id: trial!.attemptId } });
  await beginSend(database, { ...trial!, fence });
  const operation = { id: 'task' };
  await acknowledgeSubmit(database, { ...trial!, operation, from: ['sent'], litterId: randomUUID() });
  expect(await opened()).toEqual([]);
});

it('begins anew with a proxy that is entered anew, counts nothing without one, and drops what is a day old', async () => {
  const tokenId = await insertToken(database, { proxySealed: 'the old one' });
  await insertWaiting(database, { count: 1 });
  for (let fault = 0; fault < 3; fault += 1) await fail((await assign())[0]);
  expect(await assign()).toEqual([]);
  await database.token.update({ where: { id: tokenId }, data: { proxySealed: 'a new one' } });
  expect(await assign()).toHaveLength(1);
  expect(await forgetProxyFaults(database)).toBe(0);
  await database.$executeRaw`UPDATE proxy_circuit SET last_fault_at = now() - interval '2 days'`;
  expect(await forgetProxyFaults(database)).toBe(1);

  await writeSealedSetting(database, 'proxy.default', null);
  const direct = await insertToken(database);
  await insertWaiting(database);
  const [assignment] = await assign();
  expect(assignment).toMatchObject({ tokenId: direct });
  await fail(assignment);
  expect(await opened()).toEqual([]);
});
