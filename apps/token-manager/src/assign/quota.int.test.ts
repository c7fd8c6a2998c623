/** An account whose videos run out: through the real assignment and timers, with the upstream's part played by the journal's functions. */
import { acknowledgeSubmit } from '@reelay/db/attempts/acknowledge-submit';
import { beginSend } from '@reelay/db/attempts/begin-send';
import { insertToken } from '@reelay/db/factories/insert-token';
import { insertWaiting } from '@reelay/db/factories/insert-waiting';
import { failGeneration } from '@reelay/db/generations/fail-generation';
import { waitFor } from '@reelay/testing/wait-for';
import { TestStack } from '../testing/test-stack.js';

let stack: TestStack;
beforeEach(async () => {
  stack = await TestStack.open();
});
afterEach(() => stack.close());

const soon = { timeoutMs: 20_000, intervalMs: 20 };

const open = async (kind: 'video' | 'image', state: string) => {
  const ofKind = await stack.database.generation.findMany({ where: { kind }, select: { id: true } });
  const generationId = { in: ofKind.map(({ id }) => id) };
  return stack.database.submitAttempt.findMany({ where: { state, generationId }, orderBy: { createdAt: 'asc' } });
};

it('starts two videos where five slots are free and two are left, rests until its quota begins anew, and makes images meanwhile', async () => {
  const { database } = stack;
  const tokenId = await insertToken(database, { videoLimit: 5, imageLimit: 1, remaining: 2 });
  const resetsAt = new Date(Date.now() + 3_600_000);
  await database.token.update({ where: { id: tokenId }, data: { resetsAt } });
  await insertWaiting(database, { count: 5 });
  await insertWaiting(database, { count: 3, lane: { kind: 'image', sora2: false } });
  await stack.start();
  const token = () => database.token.findUniqueOrThrow({ where: { id: tokenId } });

  await waitFor(async () => (await open('video', 'intent')).length === 2, soon);
  for (const attempt of await open('video', 'intent')) {
    const { id: attemptId, generationId, fence } = attempt;
    const knownBefore = { pending: [], finished: [] };
    expect(await beginSend(database, { attemptId, generationId, fence, knownBefore })).toBe('sent');
    const operation = { id: `task of ${attemptId}` };
    const ack = { attemptId, generationId, tokenId, operation, litterId: attemptId, from: ['sent'] as const };
    expect(await acknowledgeSubmit(database, ack)).toMatchObject({ outcome: 'acked' });
  }
  expect(await token()).toMatchObject({ remaining: 0, videoUsed: 2 });

  for (let pictures = 0; pictures < 3; pictures += 1) {
    await waitFor(async () => (await open('image', 'intent')).length === 1, soon);
    const [picture] = await open('image', 'intent');
    await failGeneration(database, picture!.generationId, { code: 'cancelled', message: 'done' });
  }
  // Three rounds at least went by in which videos waited and slots were free.
  expect(await open('video', 'intent')).toEqual([]);
  expect(await database.generation.count({ where: { kind: 'video', tokenId: null } })).toBe(3);

  // Time passes.
  await database.$executeRaw`
    UPDATE token SET resets_at = now(), video_cooling_until = CASE WHEN video_cooling_until IS NOT NULL THEN now() END`;
  await waitFor(async () => (await open('video', 'intent')).length === 3, soon);
  await waitFor(async () => (await token()).remaining === null, soon);
});
