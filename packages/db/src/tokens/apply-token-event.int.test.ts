import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { insertToken } from '../factories/insert-token.js';
import { writeSettings } from '../settings.js';
import { inTransaction } from '../transaction.js';
import { applyTokenEvent } from './apply-token-event.js';
import { endRests } from './end-rests.js';
import { deleteOldTokenEvents, listTokenEvents } from './list-token-events.js';
import { findToken } from './list-tokens.js';

let file: TestDatabase;
let database: Database;
let tokenId: string;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test', poolSize: 12 });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});
beforeEach(async () => {
  await database.token.updateMany({ data: { hiddenAt: new Date() } });
  tokenId = await insertToken(database);
});

const fault = { type: 'fault', slotKinds: ['video'], reason: '429', rests: true } as const;
const rejected = { type: 'credential_rejected', reason: 'expired' } as const;
const tokenRow = () => database.token.findUniqueOrThrow({ where: { id: tokenId } });
const history = async () => (await listTokenEvents(database, tokenId, { limit: 200 }))?.data ?? [];

describe('what happens to an account', () => {
  it('is written with its history in one go, and shown', async () => {
    await applyTokenEvent(database, tokenId, { ...fault, retryAfterMs: 90_000 });
    const view = await findToken(database, tokenId);
    expect(view).toMatchObject({
      ...{ state: 'active', stateReason: null, disabledBy: null },
      image: { state: 'ready', until: null, reason: null, faults: 0 },
      video: { state: 'cooling', until: view?.videoCoolingUntil, reason: '429', faults: 1 },
    });
    expect(await history()).toEqual([
      {
        ...{ id: expect.stringMatching(/^\d+$/), at: expect.any(String), type: 'fault' },
        data: { slotKinds: ['video'], reason: '429', rests: true, retryAfterMs: 90_000 },
        before: expect.objectContaining({ video: expect.objectContaining({ state: 'ready' }) }),
        after: expect.objectContaining({ video: view?.video }),
      },
    ]);
  });

  it('is all counted when it happens at once, within transactions and without', async () => {
    await writeSettings(database, { 'token.faultThreshold': 1_000 });
    const light = { ...fault, rests: false } as const;
    // No more at once than there are connections: what waits for one too long gives up.
    const tellFive = async (no: number) => {
      for (let told = 0; told < 5; told += 1) {
        if (no % 2) await applyTokenEvent(database, tokenId, light);
        else await inTransaction(database, (tx) => applyTokenEvent(tx, tokenId, light));
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, no) => tellFive(no)));
    expect((await tokenRow()).videoFaults).toBe(40);
    const events = await history();
    expect(events.map(({ after }) => after.video.faults)).toEqual(Array.from({ length: 40 }, (_, no) => 40 - no));
    await writeSettings(database, { 'token.faultThreshold': 3 });
  });

  it('leaves the row alone, and the history, when it changes nothing', async () => {
    const before = await tokenRow();
    await applyTokenEvent(database, tokenId, { type: 'succeeded', slotKind: 'video' });
    await applyTokenEvent(database, tokenId, { type: 'rest_ended' });
    expect(await tokenRow()).toEqual(before);
    expect(await history()).toEqual([]);
  });

  it('is not held against a newer credential, nor noted of an account that is not there', async () => {
    expect(await applyTokenEvent(database, tokenId, rejected, { credentialVersion: 7 })).toBeUndefined();
    expect((await tokenRow()).state).toBe('active');
    expect(await applyTokenEvent(database, tokenId, rejected, { credentialVersion: 1 })).toMatchObject({
      isChanged: true,
    });
    expect(await tokenRow()).toMatchObject({ state: 'needs_attention', stateReason: 'expired' });
    expect(await applyTokenEvent(database, 'nobody', rejected)).toBeUndefined();
    expect(await listTokenEvents(database, 'nobody', { limit: 5 })).toBeUndefined();
  });

  it('goes away with the transaction it happened in', async () => {
    const broken = inTransaction(database, async (tx) => {
      await applyTokenEvent(tx, tokenId, fault);
      throw new Error('broken');
    });
    await expect(broken).rejects.toThrow('broken');
    expect([(await tokenRow()).videoFaults, await history()]).toEqual([0, []]);
  });

  it('is stored whatever the upstream said', async () => {
    await applyTokenEvent(database, tokenId, { ...fault, reason: `\0half \ud800 ${'x'.repeat(500)}` });
    expect((await tokenRow()).videoCoolingReason).toHaveLength(300);
  });

  it('follows the settings of this moment', async () => {
    await writeSettings(database, { 'token.coolDownMs': 1_000, 'token.coolDownLongestMs': 1_000 });
    const applied = await applyTokenEvent(database, tokenId, fault, { random: () => 0 });
    expect(applied?.life.kinds.video.cooling?.until).toBe((applied?.now ?? 0) + 1_000);
    await database.setting.deleteMany();
  });
});

describe('a rest', () => {
  it('that is over is tidied up, noted, and followed by an inspection', async () => {
    await database.token.update({ where: { id: tokenId }, data: { inspectedAt: new Date() } });
    await applyTokenEvent(database, tokenId, { ...fault, slotKinds: ['image', 'video'], retryAfterMs: 3_600_000 });
    expect(await endRests(database)).toBe(0);
    const past = new Date(Date.now() - 1_000);
    await database.token.update({
      where: { id: tokenId },
      data: { imageCoolingUntil: past, videoCoolingUntil: past },
    });
    expect(await endRests(database)).toBe(1);
    expect(await tokenRow()).toMatchObject({
      ...{ videoCoolingUntil: null, videoCoolingReason: null, imageCoolingUntil: null, inspectedAt: null },
      ...{ videoFaults: 1, imageFaults: 1 },
    });
    expect((await history()).map(({ type }) => type)).toEqual(['rest_ended', 'fault']);
    expect(await endRests(database)).toBe(0);
  });

  it('for want of videos is given a time where there is none, by whatever release the row was written', async () => {
    await database.token.update({ where: { id: tokenId }, data: { remaining: 0 } });
    expect(await endRests(database)).toBe(1);
    expect((await tokenRow()).resetsAt?.getTime()).toBeGreaterThan(Date.now() + 3_500_000);
    expect(await findToken(database, tokenId)).toMatchObject({
      video: { state: 'exhausted' },
      image: { state: 'ready' },
    });
  });
});

describe('the history', () => {
  it('is read in pages, newest first, without a gap while it grows', async () => {
    for (let no = 1; no <= 5; no += 1) {
      await applyTokenEvent(database, tokenId, { type: 'disabled', by: 'operator', reason: `reason ${no}` });
    }
    const first = await listTokenEvents(database, tokenId, { limit: 2 });
    await applyTokenEvent(database, tokenId, { type: 'enabled', by: 'operator' });
    const second = await listTokenEvents(database, tokenId, { limit: 2, after: first?.next ?? '' });
    const third = await listTokenEvents(database, tokenId, { limit: 2, after: second?.next ?? '' });
    const pages = [first, second, third].map((page) => page?.data.map(({ data }) => data.reason));
    expect(pages).toEqual([['reason 5', 'reason 4'], ['reason 3', 'reason 2'], ['reason 1']]);
    expect(third?.next).toBeNull();
  });

  it('is kept for as many days as asked for', async () => {
    await applyTokenEvent(database, tokenId, fault);
    await applyTokenEvent(database, tokenId, { type: 'enabled', by: 'operator' });
    await applyTokenEvent(database, tokenId, rejected);
    const [, old] = await history();
    await database.$executeRaw`UPDATE token_event SET at = now() - interval '8 days' WHERE id = ${BigInt(old?.id ?? 0)}`;
    expect(await deleteOldTokenEvents(database, 9)).toBe(false);
    expect(await history()).toHaveLength(2);
    await deleteOldTokenEvents(database, 7);
    expect((await history()).map(({ type }) => type)).toEqual(['credential_rejected']);
  });
});
