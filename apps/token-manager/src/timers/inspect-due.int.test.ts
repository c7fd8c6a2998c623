/** @slow */
import { acknowledgeSubmit } from '@reelay/db/attempts/acknowledge-submit';
import { insertAssigned } from '@reelay/db/factories/insert-generation';
import { writeSettings } from '@reelay/db/settings';
import { waitFor } from '@reelay/testing/wait-for';
import { TestStack } from '../testing/test-stack.js';
import type { TinyAccount } from '../testing/tiny-upstream.js';

let stack: TestStack;
let account: TinyAccount;
let accounts = 0;

beforeAll(async () => {
  stack = await TestStack.open();
  await writeSettings(stack.database, { 'inspect.retryMs': 600_000, 'inspect.perMinute': 100_000 });
  await Promise.all([stack.start(), stack.start()]);
});
afterAll(() => stack.close());
beforeEach(() => {
  accounts += 1;
  account = { email: `inspected-${accounts}@example.com`, remaining: 9 };
});

/** Of a test that waits for several things on a machine that may be busy. */
const patient = 120_000;
const soon = { timeoutMs: 25_000, intervalMs: 20 };
const rowOf = (id: string) => stack.database.token.findUniqueOrThrow({ where: { id } });
const quotaCalls = () => stack.upstream.count('GET /backend/nf/check');
const add = async (person = account) => (await stack.add({ accessToken: stack.upstream.mint(person) })).id;

/** A video whose submit was sent just now. */
async function sendVideo(tokenId: string) {
  const assigned = await insertAssigned(stack.database, { tokenId });
  await moveTo(assigned.attemptId, { state: 'sent', takesTurn: true, sentAt: new Date(), knownBefore: [] });
  return assigned;
}

/** A video that ended so long ago. */
async function endVideo(tokenId: string, agoMs: number): Promise<void> {
  const { attemptId } = await sendVideo(tokenId);
  await moveTo(attemptId, {
    state: 'acked',
    operationId: attemptId,
    operation: { id: attemptId },
    ackedAt: new Date(),
  });
  await moveTo(attemptId, { state: 'ended', closedAt: new Date(Date.now() - agoMs) });
  await stack.database.tokenSlot.deleteMany({ where: { attemptId } });
  await stack.database.token.update({ where: { id: tokenId }, data: { lastAssignedAt: new Date() } });
}

const moveTo = (id: string, data: object) => stack.database.submitAttempt.update({ where: { id }, data });

it(
  'asks once, though two replicas look, and once more when a video has ended and some time has passed',
  async () => {
    const id = await add();
    await stack.database.token.update({ where: { id }, data: { inspectedAt: new Date(Date.now() - 300_000) } });
    const before = quotaCalls();
    account.remaining = 6;
    await endVideo(id, 120_000);
    await endVideo(id, 100_000);
    // Too fresh: not yet.
    await endVideo(id, 0);
    await waitFor(async () => (await rowOf(id)).remaining === 6, soon);
    const other = await add({ email: `other-${accounts}@example.com` });
    await stack.database.token.update({ where: { id: other }, data: { inspectedAt: null } });
    await waitFor(async () => (await rowOf(other)).inspectedAt !== null, soon);
    // Adding the other one and looking at it asked twice.
    expect(quotaCalls() - before).toBe(3);
  },
  patient,
);

it(
  'asks daily',
  async () => {
    const id = await add();
    account.remaining = 3;
    await stack.database.token.update({ where: { id }, data: { inspectedAt: new Date(Date.now() - 25 * 3_600_000) } });
    await waitFor(async () => (await rowOf(id)).remaining === 3, soon);
  },
  patient,
);

it(
  'asks when a cool-down ends, and an exhausted account comes back with the number that is true now',
  async () => {
    const id = await add();
    const past = new Date(Date.now() - 1_000);
    account.remaining = 12;
    await stack.database.token.update({ where: { id }, data: { remaining: 0, resetsAt: past } });
    await waitFor(async () => (await rowOf(id)).remaining === 12, soon);
    account.remaining = 11;
    await stack.database.token.update({
      where: { id },
      data: { imageCoolingUntil: past, imageCoolingReason: 'a test' },
    });
    await waitFor(async () => (await rowOf(id)).remaining === 11, soon);
    expect(await rowOf(id)).toMatchObject({ imageCoolingUntil: null, inspectNotBefore: null });
  },
  patient,
);

it(
  'leaves an account alone for a while whose upstream did not answer',
  async () => {
    const id = await add();
    stack.upstream.failures.set('/backend/me', { status: 503 });
    await stack.database.token.update({ where: { id }, data: { inspectedAt: null } });
    await waitFor(async () => (await rowOf(id)).inspectNotBefore !== null, soon);
    await waitFor(() => stack.lines.some((line) => line.includes(id) && line.includes('account not inspected')), soon);
    stack.upstream.failures.clear();
    const other = await add({ email: `other-${accounts}@example.com` });
    await stack.database.token.update({ where: { id: other }, data: { inspectedAt: null } });
    await waitFor(async () => (await rowOf(other)).inspectedAt !== null, soon);
    expect((await rowOf(id)).inspectedAt).toBeNull();
  },
  patient,
);

it(
  'an answer from before a submit was acknowledged does not raise the number again',
  async () => {
    const id = await add();
    expect((await rowOf(id)).remaining).toBe(9);
    const assigned = await sendVideo(id);
    const hold = stack.upstream.holdQuota();
    await stack.database.token.update({ where: { id }, data: { inspectedAt: null } });
    await waitFor(() => hold.isAsked(), soon);
    const { outcome } = await acknowledgeSubmit(stack.database, {
      ...{ attemptId: assigned.attemptId, generationId: assigned.generationId, tokenId: id, from: ['sent'] },
      ...{ operation: { id: 'task_of_the_race' }, litterId: 'litter-of-the-race' },
    });
    expect([outcome, (await rowOf(id)).remaining]).toEqual(['acked', 8]);
    hold.answer();
    await waitFor(async () => (await rowOf(id)).inspectedAt !== null, soon);
    expect((await rowOf(id)).remaining).toBe(8);
  },
  patient,
);

it(
  'an account that is added again while it works keeps what its videos took from the number',
  async () => {
    const id = await add();
    const assigned = await sendVideo(id);
    const hold = stack.upstream.holdQuota();
    const again = add();
    await waitFor(() => hold.isAsked(), soon);
    await acknowledgeSubmit(stack.database, {
      ...{ attemptId: assigned.attemptId, generationId: assigned.generationId, tokenId: id, from: ['sent'] },
      ...{ operation: { id: 'task_of_the_addition' }, litterId: 'litter-of-the-addition' },
    });
    hold.answer();
    expect(await again).toBe(id);
    expect(await rowOf(id)).toMatchObject({ remaining: 8, inspectedAt: expect.any(Date) });
  },
  patient,
);

it(
  'asks again and again about an account that never stops finishing videos',
  async () => {
    await writeSettings(stack.database, { 'inspect.afterVideoMs': 200 });
    const id = await add();
    const seen = new Set<number>();
    const isSeenOften = async () => {
      await endVideo(id, 0);
      const { inspectedAt } = await rowOf(id);
      if (inspectedAt) seen.add(inspectedAt.getTime());
      return seen.size >= 4;
    };
    await waitFor(isSeenOften, { ...soon, timeoutMs: 100_000 });
  },
  patient,
);

it(
  'an account whose credential no key opens does not keep the others from being asked about',
  async () => {
    const id = await add();
    const other = await add({ email: `other-${accounts}@example.com` });
    await stack.database.token.update({ where: { id }, data: { accessTokenSealed: 'v1.none.none' } });
    await stack.database.token.updateMany({ where: { id: { in: [id, other] } }, data: { inspectedAt: null } });
    await waitFor(async () => (await rowOf(other)).inspectedAt !== null, soon);
    await waitFor(() => stack.lines.some((line) => line.includes(id) && line.includes('account not inspected')), soon);
    expect(await rowOf(id)).toMatchObject({ inspectedAt: null, state: 'active', inspectNotBefore: expect.any(Date) });
  },
  patient,
);
