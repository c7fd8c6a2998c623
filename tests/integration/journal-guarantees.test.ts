/** Findings of the review of the reliability core, each as the guarantee that must hold. */
import { randomUUID } from 'node:crypto';
import { type AssignLane, assignLane } from '@reelay/db/assign/assign-lane';
import type { Assignment } from '@reelay/db/assign/take-slots';
import { acknowledgeSubmit } from '@reelay/db/attempts/acknowledge-submit';
import { beginSend } from '@reelay/db/attempts/begin-send';
import { findOwnedOperations } from '@reelay/db/attempts/find-open-attempts';
import { markUnknown } from '@reelay/db/attempts/mark-unknown';
import { withdrawAttempt } from '@reelay/db/attempts/withdraw-attempt';
import { writePollOutcomes } from '@reelay/db/attempts/write-poll-outcomes';
import { createDatabase, type Database } from '@reelay/db/client';
import { type Assigned, insertAssigned } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { insertWaiting, videoLane } from '@reelay/db/factories/insert-waiting';
import { findMissingJobs } from '@reelay/db/repair/find-missing-jobs';
import { findCredential } from '@reelay/db/tokens/find-credential';
import { hideToken } from '@reelay/db/tokens/hide-token';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';

let file: TestDatabase;
let database: Database;
let tokenId: string;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE token, generation CASCADE`;
  tokenId = await insertToken(database);
});

const generationOf = ({ generationId }: { generationId: string }) =>
  database.generation.findUniqueOrThrow({ where: { id: generationId } });
const nothing = { pending: [], progressed: [], done: [], next: [], refused: [] };

async function acked(): Promise<Assigned & { operationId: string }> {
  const one = await insertAssigned(database, { tokenId });
  await beginSend(database, { ...one, knownBefore: { pending: [], finished: [] } });
  const operationId = `task-${one.attemptId}`;
  await acknowledgeSubmit(database, {
    ...one,
    operation: { id: operationId },
    from: ['sent'],
    litterId: randomUUID(),
  });
  return { ...one, operationId };
}

it('a poll that read before another one found the task done does not take its generation back from fetching', async () => {
  const one = await acked();
  const done = { ...one, operation: { id: one.operationId }, media: [{ url: 'https://m/1', kind: 'video' as const }] };
  await writePollOutcomes(database, { ...nothing, done: [done] });
  expect((await generationOf(one)).stage).toBe('fetching');
  // The slower poll's list was read before: it says 95 %.
  await writePollOutcomes(database, {
    ...nothing,
    pending: [{ attemptId: one.attemptId, progress: 95 }],
    progressed: [{ attemptId: one.attemptId, generationId: one.generationId, stage: 'rendering', progress: 95 }],
  });
  expect((await generationOf(one)).stage).toBe('fetching');
  expect((await findMissingJobs(database)).finish).toContain(one.generationId);
});

it('a reconciliation that comes too late does not mark the task of the next submit as one of the first', async () => {
  // The first has its task (a late answer, or another round adopted it); a slower round saw the next attempt's task as candidate.
  const first = await acked();
  const litterId = randomUUID();
  const candidate = { id: 'task-of-the-next' };
  await acknowledgeSubmit(database, { ...first, operation: candidate, from: ['unknown'], litterId });
  // Owned means: never adopted by the next attempt, which is then proven absent and paid for a second time.
  expect([...(await findOwnedOperations(database, tokenId, [candidate.id]))]).toEqual([]);
});

it('an account that is deleted while media of it are fetched can still be opened for that', async () => {
  const one = await acked();
  await hideToken(database, tokenId);
  const done = { ...one, operation: { id: one.operationId }, media: [{ url: 'https://m/1', kind: 'video' as const }] };
  await writePollOutcomes(database, { ...nothing, done: [done] });
  expect(await findCredential(database, tokenId)).toBeDefined();
});

const targets = { names: ['sora', 'simulator'], simulated: ['simulator'] };
async function assign(options: Partial<AssignLane> = {}): Promise<Assignment[]> {
  const assigned: Assignment[] = [];
  await assignLane(database, {
    ...{ lane: videoLane, slotKind: 'video', targets, unlimitedSlots: 100, slotlessPerToken: 4, batchSize: 50 },
    ...{ newId: randomUUID, turns: () => [], signal: new AbortController().signal },
    onAssigned: (assignments) => assigned.push(...assignments),
    ...options,
  });
  return assigned;
}

it('an account whose proxy is dead does not get the same row again and again while another one has room', async () => {
  const healthy = await insertToken(database);
  await insertAssigned(database, { tokenId: healthy });
  const [generationId = ''] = await insertWaiting(database);
  const takers: string[] = [];
  for (let round = 0; round < 8; round += 1) {
    const [taken] = (await assign()).filter((assignment) => assignment.generationId === generationId);
    if (!taken) throw new Error('not assigned');
    takers.push(taken.tokenId);
    if (taken.tokenId === healthy) break;
    const { fence } = await generationOf(taken);
    await withdrawAttempt(database, {
      ...{ attemptId: taken.attemptId, generationId, fence, from: ['intent'], to: 'not_sent' },
      ...{ reason: 'proxy', pauseMs: 0, note: 'x', avoid: { tokenId: taken.tokenId, excludedForMs: 4_000 } },
    });
  }
  expect(takers).toContain(healthy);
});

it('rows do not wait on an account whose turn an unknown submit holds while another one is idle', async () => {
  const first = await insertAssigned(database, { tokenId });
  await beginSend(database, { ...first, knownBefore: { pending: [], finished: [] } });
  await markUnknown(database, first.attemptId, 'x');
  const other = await insertToken(database, { videoLimit: 3 });
  await insertAssigned(database, { tokenId: other });
  await insertAssigned(database, { tokenId: other });
  const [generationId = ''] = await insertWaiting(database);
  const [taken] = (await assign()).filter((assignment) => assignment.generationId === generationId);
  expect(taken?.tokenId).toBe(other);
});
