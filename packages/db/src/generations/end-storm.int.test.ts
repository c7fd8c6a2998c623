/** Everything that can move a generation, at the same time over the same rows: assignment, submits, polls, finishes, deadlines, and clients who
 * cancel and delete. */
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { waitFor } from '@reelay/testing/wait-for';
import { noteResultFile } from '../assets/loose-files.js';
import { assignLane } from '../assign/assign-lane.js';
import { acknowledgeSubmit } from '../attempts/acknowledge-submit.js';
import { beginSend } from '../attempts/begin-send.js';
import { closeAbsent, closeLost } from '../attempts/close-unknown.js';
import { expireAttempts } from '../attempts/expire-attempts.js';
import { markUnknown } from '../attempts/mark-unknown.js';
import { withdrawAttempt } from '../attempts/withdraw-attempt.js';
import { writePollOutcomes } from '../attempts/write-poll-outcomes.js';
import { createDatabase, type Database } from '../client.js';
import { insertGeneration } from '../factories/insert-generation.js';
import { insertToken } from '../factories/insert-token.js';
import { videoLane } from '../factories/insert-waiting.js';
import { isOutage } from '../outage.js';
import { removeDeleted } from '../repair/remove-deleted.js';
import { removeHeldSlots } from '../repair/remove-held-slots.js';
import { sqlState } from '../transaction.js';
import { cancelGeneration } from './cancel-generation.js';
import { deleteGeneration } from './delete-generation.js';
import { failGeneration } from './fail-generation.js';
import { finishGeneration } from './finish-generation.js';

const ownerId = 'owner-of-tests';
const generations = 30;
const videoLimit = 3;

let file: TestDatabase;
let database: Database;
let isOver = false;
const wrongs: unknown[] = [];
let doubts = 0;
/** What this test's workers were told: the terminal events by generation, and which submits were acknowledged. */
const ends = new Map<string, string[]>();
const acknowledged = new Set<string>();

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test', poolSize: 20 });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});

const chance = (percent: number) => Math.random() * 100 < percent;
const oneOf = <Item>(items: readonly Item[]): Item => items[Math.floor(Math.random() * items.length)] as Item;
const newId = () => crypto.randomUUID();
type Events = readonly ({ generationId: string; event: { type: string } } | undefined)[];
function hear(events: Events): void {
  for (const told of events) {
    if (!told || /queued|progressed/.test(told.event.type)) continue;
    ends.set(told.generationId, [...(ends.get(told.generationId) ?? []), told.event.type]);
  }
}
/** A lock or connection lost to a slow machine is nobody's mistake; the next round does it. Whether it was committed is not known then. */
async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isPassing = isOutage(error) || /^(25|40)/.test(sqlState(error) ?? '');
    if (isPassing) doubts += 1;
    else wrongs.push(error);
  }
}
async function forEver(round: () => Promise<unknown>): Promise<void> {
  while (!isOver) await attempt(round);
}

async function assign(): Promise<void> {
  await assignLane(database, {
    ...{ lane: videoLane, slotKind: 'video', targets: { names: ['simulator'], simulated: [] }, batchSize: 5 },
    ...{ unlimitedSlots: 1, slotlessPerToken: 1, newId, turns: () => [], onAssigned: () => {} },
    signal: new AbortController().signal,
  });
}

interface Open {
  attemptId: string;
  generationId: string;
  tokenId: string;
  fence: bigint;
}
const inState = (state: string) =>
  database.$queryRaw<Open[]>`
    SELECT id AS "attemptId", generation_id AS "generationId", token_id AS "tokenId", fence
    FROM submit_attempt WHERE state = ${state}`;

async function submit(): Promise<void> {
  const open = await inState('intent');
  if (open.length === 0) return;
  const one = oneOf(open);
  // The times of two transactions say nothing about their order; what was heard before did happen before.
  const hadEnded = ends.has(one.generationId);
  if ((await beginSend(database, one)) !== 'sent') return;
  if (hadEnded) wrongs.push(`${one.generationId} was sent after its end`);
  if (chance(15)) {
    const back = { from: ['sent'], to: 'not_sent', reason: 'stale', pauseMs: 0, note: 'again' } as const;
    hear((await withdrawAttempt(database, { ...one, ...back })).events);
  } else if (chance(30)) {
    await markUnknown(database, one.attemptId, 'reset');
  } else {
    await acknowledge(one, ['sent', 'unknown']);
  }
}

async function acknowledge(one: Open, from: readonly ('sent' | 'unknown')[]): Promise<void> {
  const operation = { id: `task-${one.attemptId}` };
  const { outcome, events } = await acknowledgeSubmit(database, { ...one, operation, from, litterId: newId() });
  if (outcome === 'acked') acknowledged.add(one.generationId);
  hear(events);
}

async function reconcile(): Promise<void> {
  const open = await inState('unknown');
  if (open.length === 0) return;
  const one = { ...oneOf(open), reason: 'tested' };
  if (chance(40)) return acknowledge(one, ['unknown']);
  const closed = chance(80)
    ? await closeAbsent(database, { ...one, maximumAbsences: 100 })
    : await closeLost(database, { ...one, maximumTaskMs: 50 });
  hear(closed.events);
}

async function poll(): Promise<void> {
  const open = (await inState('acked')).map(({ attemptId, generationId }) => ({ attemptId, generationId }));
  if (chance(3)) return expire(open.slice(0, 1));
  const outcomes = open.map((one) => ({ ...one, operation: { id: `task-${one.attemptId}` }, fate: Math.random() }));
  const media = [{ url: 'http://x', kind: 'video' as const }];
  const error = { code: 'upstream_failed', message: 'x' } as const;
  const written = await writePollOutcomes(database, {
    ...{ pending: [], next: [] },
    progressed: outcomes
      .filter(({ fate }) => fate >= 0.35)
      .map((one) => ({ ...one, stage: 'rendering' as const, progress: Math.floor(one.fate * 90) })),
    done: outcomes.filter(({ fate }) => fate < 0.3).map((one) => ({ ...one, media })),
    refused: outcomes.filter(({ fate }) => fate >= 0.3 && fate < 0.35).map((one) => ({ ...one, error })),
  });
  hear(written.events);
}

async function expire(open: readonly Pick<Open, 'attemptId' | 'generationId'>[]): Promise<void> {
  const overdue = open.map(({ attemptId, generationId }) => ({ id: attemptId, generationId, state: 'acked' as const }));
  hear((await expireAttempts(database, overdue)).map(({ event }) => event));
}

async function finish(): Promise<void> {
  const rows = await database.generation.findMany({ where: { stage: 'fetching' }, select: { id: true } });
  if (rows.length === 0) return;
  const { id: generationId } = oneOf(rows);
  const storageKey = `results/${generationId}/0.mp4`;
  if (!(await noteResultFile(database, { generationId, storageKey }))) return;
  const result = { assetId: newId(), ordinal: 0, storageKey, contentType: 'video/mp4', sizeBytes: 1, sha256: 'x' };
  hear([await finishGeneration(database, { generationId, ownerId }, [result])]);
}

function people(ids: readonly string[]): () => Promise<void> {
  return async () => {
    const id = oneOf(ids);
    const late = { code: 'deadline_exceeded', message: 'late' } as const;
    if (chance(25)) hear([await failGeneration(database, id, late)]);
    else if (chance(50)) hear([(await cancelGeneration(database, { id, ownerId }))?.event]);
    else hear([(await deleteGeneration(database, { id, ownerId }))?.event]);
    // People are slower than machines; else nothing would ever get as far as a submit.
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 100));
  };
}

/** What must hold at every instant. */
async function watch(): Promise<void> {
  const wrong = await database.$queryRaw<unknown[]>`
    SELECT token_id AS id, 'too many slots' AS what FROM token_slot GROUP BY token_id HAVING count(*) > ${videoLimit}
    UNION ALL SELECT attempt.id, 'closed with a slot' FROM submit_attempt AS attempt JOIN token_slot ON attempt_id = attempt.id
      WHERE closed_at IS NOT NULL AND free_at IS NULL
    UNION ALL SELECT attempt.id, 'freed while it is or may be upstream' FROM submit_attempt AS attempt
      WHERE closed_at IS NULL AND NOT EXISTS (SELECT FROM token_slot WHERE attempt_id = attempt.id)
    UNION ALL SELECT attempt.id, 'may be sent after the end' FROM submit_attempt AS attempt JOIN generation ON generation.id = generation_id
      WHERE attempt.state = 'intent' AND completed_at IS NOT NULL
    UNION ALL SELECT generation.id, 'an event after the end' FROM generation JOIN generation_event AS event ON generation_id = generation.id
      WHERE event.seq > generation.seq OR (completed_at IS NOT NULL AND event.seq = generation.seq AND type ~ 'progressed|queued')
    UNION ALL SELECT generation_id, 'accepted twice' FROM submit_attempt WHERE acked_at IS NOT NULL GROUP BY generation_id HAVING count(*) > 1
    UNION ALL SELECT generation.id, 'deleted with media' FROM generation JOIN asset ON generation_id = generation.id WHERE deleted_at IS NOT NULL
    UNION ALL SELECT id, 'deleted with its prompt' FROM generation WHERE deleted_at IS NOT NULL AND request ->> 'prompt' <> ''
    UNION ALL SELECT id, 'deleted and not ended' FROM generation WHERE deleted_at IS NOT NULL AND completed_at IS NULL`;
  wrongs.push(...wrong);
}

async function isQuiet(): Promise<boolean> {
  const open = await database.generation.count({ where: { completedAt: null } });
  return open + (await database.submitAttempt.count({ where: { closedAt: null } })) === 0;
}

async function areSlotsFree(): Promise<boolean> {
  await removeHeldSlots(database);
  return (await database.tokenSlot.count()) === 0;
}

it('ends each exactly once, frees no slot early and none too late, and brings nothing back that was deleted', async () => {
  for (const limit of [videoLimit, videoLimit]) await insertToken(database, { videoLimit: limit });
  const ids: string[] = [];
  for (const _ of Array(generations).keys()) ids.push(await insertGeneration(database));
  const actors = [assign, assign, submit, submit, submit, reconcile, reconcile, poll, poll, finish, finish, watch];
  const sweep = () => removeDeleted(database, { graceMs: 0, limit: 10 }).then(() => removeHeldSlots(database));
  const everybody = [...actors, people(ids), people(ids), sweep].map(forEver);
  try {
    await waitFor(isQuiet, { timeoutMs: 240_000, intervalMs: 200 });
  } finally {
    isOver = true;
    await Promise.all(everybody);
  }
  expect(wrongs).toEqual([]);
  expect([...ends.values()].filter((told) => told.length !== 1)).toEqual([]);
  if (doubts === 0) expect([...ends.keys()].sort()).toEqual([...ids].sort());
  await waitFor(areSlotsFree, { timeoutMs: 30_000 });
  const usage = await database.usage.findMany({ where: { generationId: { in: ids } } });
  const isKnown = doubts === 0 ? () => true : (id: string) => acknowledged.has(id);
  expect(
    usage
      .filter(({ generationId }) => isKnown(generationId))
      .map(({ generationId, state }) => [generationId, state])
      .sort(),
  ).toEqual(
    ids
      .filter(isKnown)
      .map((id) => [id, acknowledged.has(id) ? 'booked' : 'released'])
      .sort(),
  );
  // What was deleted leaves when its last attempt is closed, and its files are known to whoever removes them.
  await removeDeleted(database, { graceMs: 0, limit: generations });
  expect(await database.generation.count({ where: { deletedAt: { not: null } } })).toBe(0);
  const left = await database.generation.findMany({ include: { assets: true, generationEvents: true } });
  for (const { state, assets, generationEvents } of left) {
    expect(assets).toHaveLength(state === 'succeeded' ? 1 : 0);
    expect(generationEvents.filter(({ type }) => type === `generation.${state}`)).toHaveLength(1);
  }
}, 300_000);
