/**
 * Thousands of random events over tokens and slots, from several connections at once, against the rules that must hold at every instant.
 * The database itself is the witness: triggers of this file write down every slot that was one too many and every change of state.
 */
import { randomUUID } from 'node:crypto';
import { type SlotKind, slotKinds } from '@reelay/contracts/domain';
import type { TokenState } from '@reelay/contracts/token-history';
import type { TokenEvent } from '@reelay/contracts/token-life';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { waitFor } from '@reelay/testing/wait-for';
import fc from 'fast-check';
import { assignLane } from '../assign/assign-lane.js';
import { acknowledgeSubmit } from '../attempts/acknowledge-submit.js';
import { beginSend } from '../attempts/begin-send.js';
import { closeAbsent, closeLost } from '../attempts/close-unknown.js';
import { markUnknown } from '../attempts/mark-unknown.js';
import { refuseByTokenFault } from '../attempts/refuse-attempt.js';
import { withdrawAttempt } from '../attempts/withdraw-attempt.js';
import { writePollOutcomes } from '../attempts/write-poll-outcomes.js';
import { createDatabase, type Database } from '../client.js';
import { insertToken } from '../factories/insert-token.js';
import { insertWaiting, videoLane } from '../factories/insert-waiting.js';
import { failGeneration } from '../generations/fail-generation.js';
import { removeHeldSlots } from '../repair/remove-held-slots.js';
import { writeSettings } from '../settings.js';
import { applyTokenEvent } from './apply-token-event.js';
import { endRests } from './end-rests.js';

const connections = 8;
const tokens = 5;
const lanes = { video: videoLane, image: { ...videoLane, kind: 'image', sora2: false } } as const;

interface Attempt {
  attemptId: string;
  generationId: string;
  tokenId: string;
  fence: bigint;
  kind: SlotKind;
}

let file: TestDatabase;
let database: Database;
let tokenIds: string[];
let attempts: Attempt[];

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test', poolSize: connections });
  await putWitnesses();
  // Rests that end while the test looks on.
  await writeSettings(database, {
    'token.coolDownMs': 20,
    'token.coolDownLongestMs': 100,
    'token.quotaRestMs': 60,
    'token.faultThreshold': 2,
  });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});

const reason = 'because';
const { nat } = fc;
const slotKind = fc.constantFrom(...slotKinds);
const by = fc.constantFrom('operator' as const, 'automation' as const);
const retryAfterMs = fc.option(nat(40), { nil: undefined });
const tokenEvent: fc.Arbitrary<TokenEvent> = fc.oneof(
  fc.record({
    ...{ type: fc.constant('fault' as const), slotKinds: slotKind.map((kind) => [kind]), reason: fc.constant(reason) },
    ...{ rests: fc.boolean(), retryAfterMs },
  }),
  fc.record({
    type: fc.constant('held_off' as const),
    slotKinds: fc.constant(slotKinds),
    reason: fc.constant(reason),
    retryAfterMs,
  }),
  fc.record({ type: fc.constant('succeeded' as const), slotKind }),
  fc.record({ type: fc.constant('credential_rejected' as const), reason: fc.constant(reason) }),
  fc.record({ type: fc.constantFrom('credential_renewed' as const, 'rest_ended' as const) }),
  fc.record({ type: fc.constant('added' as const), wasDeleted: fc.constant(false) }),
  fc.record({
    ...{ type: fc.constant('inspected' as const), remaining: fc.option(nat(6)) },
    resetsAt: fc.option(nat(100)).map((ms) => (ms === null ? null : Date.now() + ms)),
  }),
  fc.record({ type: fc.constant('disabled' as const), by, reason: fc.constant(reason) }),
  // Twice as often as they are taken out of service, or there would be little to see.
  { weight: 4, arbitrary: fc.record({ type: fc.constant('enabled' as const), by }) },
);
const limit = fc.integer({ min: -1, max: 5 });
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('assign' as const), kind: slotKind }) },
  {
    weight: 12,
    arbitrary: fc.record({
      does: fc.constantFrom(
        'send',
        'send',
        'send',
        'acknowledge',
        'acknowledge',
        'finish',
        'refuse',
        'withdraw',
        'cancel',
        'lose',
        'miss',
      ),
      on: nat(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('tell' as const), on: nat(), event: tokenEvent }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('limit' as const), on: nat(), images: limit, videos: limit }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('end rests' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('free held slots' as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

/** A slow machine does fewer of them: they are dealt out until this time is over. */
const budgetMs = 8_000;

it('no slot is one too many or leaks, every change is a legal one and known, and what was disabled stays disabled', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 3_000, maxLength: 3_000, size: 'max' }), async (commands) => {
      await begin();
      const giveUpAt = performance.now() + budgetMs;
      const left = commands[Symbol.iterator]();
      await Promise.all(
        Array.from({ length: connections }, async () => {
          for (const given of left) {
            await run(given);
            if (performance.now() > giveUpAt) break;
          }
        }),
      );
      expect(await violations()).toEqual([]);
      await expectNoLeak();
      for (const tokenId of tokenIds) await expectLegalHistory(tokenId);
      await expectRecovery();
    }),
    // What fails under concurrency does not fail again in the same way: no shrinking. The seed is printed.
    { numRuns: 1, endOnFailure: true },
  );
}, 60_000);

async function begin(): Promise<void> {
  await database.$executeRaw`TRUNCATE token, generation, token_event, witness CASCADE`;
  attempts = [];
  tokenIds = [];
  for (let no = 0; no < tokens; no += 1) tokenIds.push(await insertToken(database, { imageLimit: 2, videoLimit: 3 }));
  for (const kind of slotKinds) await insertWaiting(database, { count: 500, lane: lanes[kind] });
}

async function run(given: Command): Promise<void> {
  if (given.does === 'assign') await assign(given.kind);
  else if (given.does === 'end rests') await endRests(database);
  else if (given.does === 'free held slots') await removeHeldSlots(database);
  else if ('event' in given) await applyTokenEvent(database, tokenOf(given.on), given.event);
  else if ('images' in given) await setLimits(given);
  else await work(given.does, given.on);
}

function tokenOf(on: number): string {
  return tokenIds[on % tokens] as string;
}

async function setLimits({ on, images, videos }: { on: number; images: number; videos: number }): Promise<void> {
  await database.$executeRaw`
    UPDATE token SET image_limit = ${images}::integer, video_limit = ${videos}::integer WHERE id = ${tokenOf(on)}`;
}

async function assign(kind: SlotKind): Promise<number> {
  return assignLane(database, {
    ...{ lane: lanes[kind], slotKind: kind, targets: { names: ['simulator'], simulated: ['simulator'] } },
    ...{ unlimitedSlots: 6, slotlessPerToken: 1, batchSize: 4, newId: randomUUID, turns: () => [] },
    onAssigned: (assignments, rows) => {
      for (const assignment of assignments) {
        const { fence = 0n } = rows.find(({ generationId }) => generationId === assignment.generationId) ?? {};
        attempts.push({ ...assignment, kind, fence: BigInt(fence) + 1n });
      }
    },
    signal: new AbortController().signal,
  });
}

/** On any attempt that there ever was among the latest: most commands come too early, too late, or twice. */
async function work(does: string, on: number): Promise<void> {
  const recent = attempts.slice(-40);
  const attempt = recent[on % Math.max(1, recent.length)];
  if (!attempt) return;
  const { attemptId, tokenId, kind } = attempt;
  const operation = { id: `task-${attemptId}` };
  if (does === 'send') {
    const knownBefore = kind === 'video' ? { knownBefore: { pending: [], finished: [] } } : {};
    await beginSend(database, { ...attempt, ...knownBefore });
  } else if (does === 'acknowledge') {
    await acknowledgeSubmit(database, { ...attempt, operation, from: ['sent', 'unknown'], litterId: randomUUID() });
  } else if (does === 'finish') {
    const done = [{ ...attempt, operation, media: [] }];
    await writePollOutcomes(database, { pending: [], progressed: [], next: [], refused: [], done });
  } else if (does === 'refuse') {
    const error = { code: 'upstream_unavailable', message: reason } as const;
    const fault = { type: 'fault', slotKinds: [kind], reason, rests: true } as const;
    const more = { tokenEvent: fault, excludedForMs: 20, isPinned: false, maximumRefusals: 50, note: reason };
    await refuseByTokenFault(database, { ...attempt, ...more, from: ['intent', 'sent'], reason, error });
  } else if (does === 'withdraw') {
    const event = { type: 'held_off', slotKinds: [kind], reason, retryAfterMs: 10 } as const;
    const back = { from: ['intent'] as const, to: 'not_sent' as const, reason, note: reason, pauseMs: 1 };
    await withdrawAttempt(database, { ...attempt, ...back, tokenEvent: { tokenId, event } });
  } else if (does === 'cancel') {
    await failGeneration(database, attempt.generationId, { code: 'cancelled', message: reason });
  } else {
    await markUnknown(database, attemptId, reason);
    if (does === 'lose') await closeLost(database, { ...attempt, reason, maximumTaskMs: 10 });
    else await closeAbsent(database, { ...attempt, reason });
  }
}

async function putWitnesses(): Promise<void> {
  await database.$executeRawUnsafe(`CREATE TABLE witness (what text, token_id text, detail text)`);
  await database.$executeRawUnsafe(`
    CREATE FUNCTION judge_slot() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE most integer; held integer; unspent integer; owed integer; works boolean;
    BEGIN
      SELECT CASE WHEN most_slots < 0 THEN 6 ELSE most_slots END, quota, state = 'active' AND coalesce(cooling <= now(), true)
      INTO most, unspent, works FROM (
        SELECT state, CASE WHEN NEW.kind = 'image' THEN image_limit ELSE video_limit END AS most_slots,
          CASE WHEN NEW.kind = 'video' AND coalesce(resets_at > now(), true) THEN remaining END AS quota,
          CASE WHEN NEW.kind = 'image' THEN image_cooling_until ELSE video_cooling_until END AS cooling
        FROM token WHERE id = NEW.token_id
      ) AS token;
      SELECT count(*) INTO held FROM token_slot WHERE token_id = NEW.token_id AND kind = NEW.kind;
      SELECT count(*) INTO owed FROM submit_attempt JOIN generation ON generation.id = generation_id
      WHERE submit_attempt.token_id = NEW.token_id AND kind = 'video' AND submit_attempt.state IN ('intent', 'sent', 'unknown');
      IF held > most THEN INSERT INTO witness VALUES ('too many slots', NEW.token_id, NEW.kind || ' ' || held || ' of ' || most); END IF;
      IF owed > unspent THEN INSERT INTO witness VALUES ('more than the quota', NEW.token_id, owed || ' of ' || unspent); END IF;
      IF NOT works THEN INSERT INTO witness VALUES ('work for one that rests', NEW.token_id, NEW.kind); END IF;
      RETURN NULL;
    END $$`);
  await database.$executeRawUnsafe(
    `CREATE TRIGGER judge_slot AFTER INSERT ON token_slot FOR EACH ROW EXECUTE FUNCTION judge_slot()`,
  );
  await database.$executeRawUnsafe(`
    CREATE FUNCTION see_state() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO witness VALUES ('change', NEW.id, NEW.state); RETURN NULL; END $$`);
  await database.$executeRawUnsafe(`
    CREATE TRIGGER see_state AFTER UPDATE ON token FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.disabled_by IS DISTINCT FROM NEW.disabled_by) EXECUTE FUNCTION see_state()`);
}

function violations(): Promise<object[]> {
  return database.$queryRaw`SELECT * FROM witness WHERE what <> 'change'`;
}

/** A slot belongs to an open attempt, or to a lost one until its time; an open attempt has a slot. */
async function expectNoLeak(): Promise<void> {
  const open = ['intent', 'sent', 'acked', 'unknown'];
  const leaked = await database.$queryRaw`
    SELECT attempt.state, slot.free_at FROM token_slot AS slot LEFT JOIN submit_attempt AS attempt ON attempt.id = attempt_id
    WHERE NOT coalesce(attempt.state = ANY(${open}::text[]) OR (attempt.state = 'lost' AND free_at IS NOT NULL), false)`;
  const without = await database.$queryRaw`
    SELECT id FROM submit_attempt WHERE state = ANY(${open}::text[]) AND NOT EXISTS (SELECT FROM token_slot WHERE attempt_id = id)`;
  expect({ leaked, without }).toEqual({ leaked: [], without: [] });
}

const legal: Record<string, readonly string[]> = {
  'active → needs_attention': ['credential_rejected'],
  'active → operator': ['disabled operator'],
  'active → automation': ['disabled automation'],
  'needs_attention → active': ['credential_renewed', 'added', 'enabled operator'],
  'needs_attention → operator': ['disabled operator'],
  'needs_attention → automation': ['disabled automation'],
  'automation → operator': ['disabled operator'],
  'automation → active': ['enabled operator', 'enabled automation'],
  'operator → active': ['enabled operator'],
};
const nameOf = ({ state, disabledBy }: Pick<TokenState, 'state' | 'disabledBy'>) => disabledBy ?? state;

async function expectLegalHistory(tokenId: string): Promise<void> {
  const events = await database.tokenEvent.findMany({ where: { tokenId }, orderBy: { id: 'asc' } });
  let [current, changes] = ['active', 0];
  for (const event of events) {
    const [from, to] = [event.before, event.after].map((state) => nameOf(state as unknown as TokenState));
    expect(from).toBe(current);
    const { by: whose } = event.data as { by?: string };
    if (from !== to) {
      changes += 1;
      expect([`${from} → ${to}`, legal[`${from} → ${to}`]]).toEqual([
        `${from} → ${to}`,
        expect.arrayContaining([whose ? `${event.type} ${whose}` : event.type]),
      ]);
    }
    current = to as string;
  }
  const row = await database.token.findUniqueOrThrow({ where: { id: tokenId } });
  expect(nameOf(row as unknown as TokenState)).toBe(current);
  const [seen] = await database.$queryRaw<{ count: number }[]>`
    SELECT count(*)::integer AS count FROM witness WHERE what = 'change' AND token_id = ${tokenId}`;
  expect(changes).toBe(seen?.count);
}

/** When everything is over and enabled again, every account works: nothing rests or holds a slot for ever. */
async function expectRecovery(): Promise<void> {
  // Without this the test could pass by doing nothing.
  expect(attempts.length).toBeGreaterThan(20);
  const open = await database.submitAttempt.findMany({ where: { closedAt: null }, select: { id: true } });
  const isOpen = new Set(open.map(({ id }) => id));
  await Promise.all(attempts.filter(({ attemptId }) => isOpen.has(attemptId)).map(endWork));
  for (const tokenId of tokenIds) {
    await applyTokenEvent(database, tokenId, { type: 'enabled', by: 'operator' });
    await database.token.update({ where: { id: tokenId }, data: { imageLimit: 1, videoLimit: 1 } });
  }
  const soon = { timeoutMs: 20_000, intervalMs: 20 };
  await waitFor(async () => {
    await removeHeldSlots(database);
    return (await database.tokenSlot.count()) === 0;
  }, soon);
  const working = () => database.token.count({ where: { imageUsed: 1, videoUsed: 1 } });
  await waitFor(async () => {
    await endRests(database);
    for (const kind of slotKinds) await assign(kind);
    return (await working()) === tokens;
  }, soon);
  expect(await violations()).toEqual([]);
}

async function endWork(attempt: Attempt): Promise<void> {
  const { attemptId, generationId } = attempt;
  await failGeneration(database, generationId, { code: 'cancelled', message: reason });
  await markUnknown(database, attemptId, reason);
  await closeLost(database, { ...attempt, reason, maximumTaskMs: 1 });
  const done = [{ ...attempt, operation: { id: `task-${attemptId}` }, media: [] }];
  await writePollOutcomes(database, { pending: [], progressed: [], next: [], refused: [], done });
}
