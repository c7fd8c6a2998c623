/** Every number is booked exactly once, whoever repeats what, and to the day on which it happened. */
import { randomUUID } from 'node:crypto';
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { acknowledgeSubmit } from '../attempts/acknowledge-submit.js';
import { beginSend } from '../attempts/begin-send.js';
import { refuseByClientFault, refuseByTokenFault } from '../attempts/refuse-attempt.js';
import { writePollOutcomes } from '../attempts/write-poll-outcomes.js';
import { createDatabase, type Database } from '../client.js';
import { type Assigned, insertAssigned, insertGeneration } from '../factories/insert-generation.js';
import { insertToken } from '../factories/insert-token.js';
import { endGeneration } from '../generations/end-generation.js';
import { failGeneration } from '../generations/fail-generation.js';
import { finishGeneration } from '../generations/finish-generation.js';
import { applyTokenEvent } from '../tokens/apply-token-event.js';
import { readPoolStatistics } from './read-pool-statistics.js';
import { readTokenStatistics } from './read-token-statistics.js';
import { sumUpBookings } from './sum-up-bookings.js';

let file: TestDatabase;
let database: Database;
let tokenId: string;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test', poolSize: 6 });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE token, generation, statistics_booking, statistics_day, statistics_error CASCADE`;
  tokenId = await insertToken(database, { videoLimit: 5, imageLimit: 5 });
});

/** Three at once and one more afterwards: a crash makes everything come again. */
async function repeated(work: () => Promise<unknown>): Promise<void> {
  await Promise.all([work(), work(), work()]);
  await work();
}
const unlimitedSlots = { image: 10, video: 10 };
async function read(timeZone = 'UTC', days = 3) {
  const statistics = await readTokenStatistics(database, { tokenId, timeZone, days, unlimitedSlots });
  if (!statistics) throw new Error('the account is not known');
  return statistics;
}
const operationOf = ({ attemptId }: Assigned) => ({ id: `task-${attemptId}` });

async function sent(request: Partial<GenerationRequest> = {}): Promise<Assigned> {
  const assigned = await insertAssigned(database, { tokenId, request });
  await beginSend(database, { ...assigned, knownBefore: { pending: [], finished: [] } });
  return assigned;
}
const acknowledge = (assigned: Assigned) =>
  acknowledgeSubmit(database, {
    ...assigned,
    operation: operationOf(assigned),
    from: ['sent', 'unknown'],
    litterId: randomUUID(),
  });
const rendered = (assigned: Assigned) =>
  writePollOutcomes(database, {
    ...{ pending: [], progressed: [], next: [], refused: [] },
    done: [{ ...assigned, operation: operationOf(assigned), media: [] }],
  });
const fetched = ({ generationId }: Assigned) =>
  finishGeneration(database, { generationId, ownerId: 'owner-of-tests' }, []);
async function succeed(request: Partial<GenerationRequest> = {}): Promise<Assigned> {
  const assigned = await sent(request);
  await acknowledge(assigned);
  await rendered(assigned);
  await fetched(assigned);
  return assigned;
}
const refusedByToken = (assigned: Assigned, maximumRefusals = 5) =>
  refuseByTokenFault(database, {
    ...assigned,
    ...{ from: ['sent'], reason: limitReached, error: { code: 'upstream_unavailable', message: 'Too many.' } },
    tokenEvent: { type: 'fault', slotKinds: ['video'], reason: limitReached, rests: true },
    ...{ excludedForMs: 20, isPinned: false, maximumRefusals, note: 'another one' },
  });
const limitReached = 'upstream_unavailable: The account has reached a limit of the upstream.';

describe('a generation', () => {
  it('that succeeds is booked once as submitted and once as succeeded, whoever repeats what', async () => {
    const assigned = await sent();
    await repeated(() => acknowledge(assigned));
    await repeated(() => rendered(assigned));
    await repeated(() => fetched(assigned));
    const expected = { submitted: 1, succeeded: 1, failed: 0, cancelled: 0, faults: 0, successRate: 1 };
    expect((await read()).total).toMatchObject({ all: expected, kinds: { video: expected, image: { submitted: 0 } } });
  });

  it('that the account refuses for good counts once as failed and every refusal as a fault, explained', async () => {
    const assigned = await sent();
    await repeated(() => refusedByToken(assigned, 1));
    const { total, lastError, errors, faultsInARow } = await read();
    expect(total.all).toMatchObject({ submitted: 0, failed: 1, failedByClient: 0, faults: 1, successRate: 0 });
    expect(faultsInARow).toEqual({ image: 0, video: 1 });
    expect(errors).toEqual([
      { source: 'account', code: 'upstream_unavailable', count: 1 },
      { source: 'generation', code: 'upstream_unavailable', count: 1 },
    ]);
    expect(lastError).toMatchObject({
      code: 'upstream_unavailable',
      explanation: expect.stringContaining('could not be reached'),
    });
  });

  it('refused through the client is held against nobody, whatever its code', async () => {
    for (const code of ['content_policy_violation', 'upstream_refused'] as const) {
      const assigned = await sent();
      const error = { code, message: 'no' };
      await repeated(() => refuseByClientFault(database, { ...assigned, from: ['sent'], reason: 'no', error }));
    }
    const { total, lastError } = await read();
    expect(total.all).toMatchObject({ failed: 0, failedByClient: 2, faults: 0, successRate: null });
    expect(lastError).toBeNull();
  });

  it('that the upstream gives up, and one that is cancelled, count once each', async () => {
    const [one, other] = [await sent(), await sent({ kind: 'image' })];
    await acknowledge(one);
    const error = { code: 'upstream_failed', message: 'It broke.' } as const;
    const outcomes = { pending: [], progressed: [], next: [], done: [], refused: [{ ...one, error }] };
    await repeated(() => writePollOutcomes(database, outcomes));
    const cancelled = { code: 'cancelled', message: 'x' } as const;
    await repeated(() =>
      database.$transaction((tx) => endGeneration(tx, other.generationId, { state: 'cancelled', error: cancelled })),
    );
    const { total, lastError } = await read();
    expect(total.kinds).toMatchObject({ video: { submitted: 1, failed: 1 }, image: { submitted: 0, cancelled: 1 } });
    expect(lastError).toMatchObject({ source: 'generation', generationId: one.generationId, message: 'It broke.' });
  });

  it('that no account had in hand is only the pool’s', async () => {
    const id = await insertGeneration(database);
    await repeated(() => failGeneration(database, id, { code: 'deadline_exceeded', message: 'Too late.' }));
    expect((await read()).total.all.failed).toBe(0);
    expect((await readPoolStatistics(database, { timeZone: 'UTC', days: 1 })).total.all.failed).toBe(1);
  });

  it('takes as long as from the acknowledged submit to the result', async () => {
    for (const seconds of [10, 20]) {
      const assigned = await sent();
      await acknowledge(assigned);
      await rendered(assigned);
      await database.$executeRaw`
        UPDATE generation SET started_at = now() - ${seconds} * interval '1 second' WHERE id = ${assigned.generationId}`;
      await fetched(assigned);
    }
    const [{ mean }] = await database.$queryRaw<[{ mean: number }]>`
      SELECT avg(round(extract(epoch FROM completed_at - started_at) * 1000))::float8 AS mean FROM generation`;
    expect(mean).toBeGreaterThanOrEqual(15_000);
    expect((await read()).total.kinds.video.meanDurationMs).toBe(Math.round(mean));
  });
});

describe('a fault', () => {
  it('counts also when it changes nothing of the account, and not by kind where it concerns several', async () => {
    for (let times = 0; times < 3; times += 1) {
      await applyTokenEvent(database, tokenId, {
        type: 'fault',
        slotKinds: ['image', 'video'],
        reason: 'why',
        rests: true,
      });
    }
    const { total, errors } = await read();
    expect(total).toMatchObject({ all: { faults: 3 }, kinds: { image: { faults: 0 }, video: { faults: 0 } } });
    expect(errors).toEqual([{ source: 'account', code: 'upstream_refused', count: 3 }]);
  });

  it('of a credential counts once and tells the operator once', async () => {
    const reason = 'credential_unavailable: The refresh token was refused.';
    await repeated(() => applyTokenEvent(database, tokenId, { type: 'credential_rejected', reason }));
    expect((await read()).total.all.faults).toBe(1);
    const events = await database.operatorEvent.findMany({ where: { subject: tokenId } });
    expect(events).toMatchObject([
      { type: 'token.needs_attention', data: { label: tokenId, provider: 'sora', reason } },
    ]);
  });

  it('that is rolled back leaves nothing', async () => {
    const thrown = database.$transaction(async (tx) => {
      await applyTokenEvent(tx, tokenId, { type: 'fault', slotKinds: ['video'], reason: 'why', rests: true });
      throw new Error('crash');
    });
    await expect(thrown).rejects.toThrow('crash');
    expect((await read()).total.all.faults).toBe(0);
  });
});

describe('summing up', () => {
  it('changes no number, by however many at once it is done', async () => {
    for (let times = 0; times < 4; times += 1) await succeed();
    await refusedByToken(await sent());
    const numbers = async () => {
      const { total, errors, lastError } = await read();
      return { total, errors, lastError };
    };
    const before = await numbers();
    await Promise.all([1, 2, 3, 4].map(() => sumUpBookings(database, 'UTC')));
    await sumUpBookings(database, 'UTC');
    expect(await database.statisticsBooking.count()).toBe(0);
    expect(await numbers()).toEqual(before);
    await succeed();
    await sumUpBookings(database, 'UTC');
    expect((await read()).total.all).toMatchObject({ submitted: 5, succeeded: 5, faults: 1 });
    const pool = await readPoolStatistics(database, { timeZone: 'UTC', days: 3 });
    expect(pool).toMatchObject({ total: (await read()).total, accounts: { total: 1, active: 1 } });
  });

  it('keeps the newest error of each sort', async () => {
    const message = async () => (await read()).lastError?.message;
    for (const [no, reason] of ['first', 'second', 'third'].entries()) {
      await applyTokenEvent(database, tokenId, { type: 'fault', slotKinds: ['video'], reason, rests: true });
      if (no > 0) await sumUpBookings(database, 'UTC');
      expect(await message()).toBe(reason);
    }
    expect((await read()).errors).toEqual([{ source: 'account', code: 'upstream_refused', count: 3 }]);
  });

  it('in a time zone that the database does not know is by UTC', async () => {
    await succeed();
    expect(await sumUpBookings(database, 'Mars/Olympus')).toBeGreaterThan(0);
    expect((await read('Mars/Olympus')).timeZone).toBe('UTC');
  });
});

describe('a day', () => {
  /** All that is booked happened then. */
  const happenedAt = (at: string) =>
    database.$executeRaw`UPDATE statistics_booking SET at = ${at}::timestamptz, since = NULL`;
  const dayRows = async () => {
    const rows = await database.statisticsDay.findMany({
      where: { subject: tokenId, kind: 'video' },
      orderBy: { day: 'asc' },
    });
    return rows.map(({ day, submitted, busyMs }) => [
      day.toISOString().slice(0, 10),
      Number(submitted),
      Number(busyMs),
    ]);
  };

  it.each([
    ['UTC', '2026-03-01T23:59:59.999Z', '2026-03-01'],
    ['UTC', '2026-03-02T00:00:00Z', '2026-03-02'],
    ['Europe/Berlin', '2026-03-01T22:59:59.999Z', '2026-03-01'],
    ['Europe/Berlin', '2026-03-01T23:00:00Z', '2026-03-02'],
    ['America/Los_Angeles', '2026-03-02T07:59:59Z', '2026-03-01'],
    ['Asia/Kolkata', '2026-03-01T18:30:00Z', '2026-03-02'],
  ])('in %s: what happened at %s belongs to %s', async (timeZone, at, day) => {
    const assigned = await sent();
    await acknowledge(assigned);
    await happenedAt(at);
    await sumUpBookings(database, timeZone);
    expect(await dayRows()).toEqual([[day, 1, 0]]);
  });

  it('gets its part of a slot that was held over midnight, also when the clocks change', async () => {
    // In Berlin this Sunday had 23 hours.
    await database.$executeRaw`
      INSERT INTO statistics_booking (token_id, kind, since, at)
      VALUES (${tokenId}, 'video', '2026-03-28T22:00:00Z', '2026-03-29T22:00:01Z')`;
    await sumUpBookings(database, 'Europe/Berlin');
    expect(await dayRows()).toEqual([
      ['2026-03-28', 0, 3_600_000],
      ['2026-03-29', 0, 23 * 3_600_000],
      ['2026-03-30', 0, 1_000],
    ]);
  });

  it('of the answer begins at midnight there; older days are in the total only', async () => {
    const local = async () => {
      const [row] = await database.$queryRaw<{ day: string }[]>`
        SELECT to_char(now() AT TIME ZONE 'Pacific/Auckland', 'YYYY-MM-DD') AS day`;
      return row?.day;
    };
    await succeed();
    await database.$executeRaw`UPDATE statistics_booking SET at = at - interval '9 days', since = since - interval '9 days'`;
    await succeed();
    const begun = await local();
    const { days, today, total } = await read('Pacific/Auckland', 5);
    expect([begun, await local()]).toContain(today.day);
    expect(days).toHaveLength(5);
    expect(days.at(-1)).toEqual(today);
    expect(days.reduce((sum, { all }) => sum + all.succeeded, 0)).toBe(1);
    expect(total.all.succeeded).toBe(2);
  });

  it('shows how much of the account was in use, running work included', async () => {
    await insertAssigned(database, { tokenId });
    await database.$executeRaw`UPDATE token SET created_at = now() - interval '3 days', video_limit = 2`;
    await database.$executeRaw`UPDATE token_slot SET created_at = now() - interval '3 days'`;
    const { days, slots } = await read();
    expect(slots).toMatchObject({ video: { used: 1, limit: 2 }, image: { used: 0 } });
    // Yesterday was over before this test began.
    expect(days.at(-2)).toMatchObject({
      utilisation: { video: 0.5, image: 0 },
      kinds: { video: { busySlotMs: 86_400_000 } },
    });
  });
});
