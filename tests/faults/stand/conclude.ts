/** The end of a run: waits until nothing is left to be done, then reads everything that is to be judged. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SecretForms } from '@reelay/testing/secret-forms';
import { dumpRedis, dumpTables } from '@reelay/testing/stored-texts';
import { waitFor } from '@reelay/testing/wait-for';
import type { SimulatedAccount } from '../../support/simulator.js';
import type { Final, History, Ledger } from '../judge/history.js';
import type { Owner } from './client.js';
import type { Record } from './record.js';
import { renderMs, scaled } from './scaled.js';
import type { Stand } from './stand.js';

const moveMs = 60_000;
/** Far more than it can take: what is not done by then is judged as it is. */
const settleDeadlineMs = 300_000;

/** Resolves when no generation and no attempt is open, or when that takes too long: the checker then says what stayed. */
export async function settle(stand: Stand): Promise<void> {
  await waitFor(
    async () => {
      const [left] = await stand.sql<{ left: number }>(`
        SELECT (SELECT count(*) FROM generation WHERE state IN ('queued', 'running'))::int
          + (SELECT count(*) FROM submit_attempt WHERE closed_at IS NULL)::int AS left`);
      return left?.left === 0;
    },
    { timeoutMs: settleDeadlineMs, intervalMs: 250, describe: 'the end of all work' },
  ).catch(() => {});
}

export async function conclude(stand: Stand, record: Record, owners: readonly Owner[]): Promise<History> {
  const { errorBodies, ...seen } = record;
  return {
    limits: {
      submitTimeoutMs: scaled['submit.timeoutMs'],
      freshnessMs: scaled['submit.freshnessMs'],
      settleMs: scaled['reconcile.settleMs'],
      lateMs: 120_000,
      moveMs: moveMs + renderMs,
      // Whose turn it is is forgotten with every token-manager that dies, and dozens die here: only many starts even that out. What
      // holds without faults is tested in apps/token-manager/src/assign/fairness.int.test.ts.
      leastStarts: 1_000,
    },
    ...seen,
    final: await readFinal(stand),
    ledger: await readLedger(stand),
    alarms: alarmsOf(stand),
    leaks: await leaksOf(stand, errorBodies, owners),
  };
}

const ms = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;

async function readFinal(stand: Stand): Promise<Final> {
  const assets = await stand.sql<Final['assets'][number]>(`
    SELECT generation_id AS "generationId", role, storage_key AS "storageKey", size_bytes::int AS "sizeBytes", sha256
    FROM asset WHERE generation_id IS NOT NULL`);
  return {
    at: Date.now(),
    generations: await stand.sql(`
      SELECT id, owner_id AS owner, kind, state, error->>'code' AS "errorCode", step, seq, ${ms('created_at')} AS "createdAt",
        ${ms('deadline_at')} AS "deadlineAt", ${ms('completed_at')} AS "completedAt" FROM generation ORDER BY id`),
    attempts: await stand.sql(`
      SELECT id, generation_id AS "generationId", step, n, state, ${ms('created_at')} AS "createdAt", ${ms('sent_at')} AS "sentAt",
        ${ms('closed_at')} AS "closedAt", operation_id AS "operationId",
        ${ms('first_clean_at')} AS "firstCleanAt" FROM submit_attempt ORDER BY id`),
    events: await stand.sql(`
      SELECT generation_id AS "generationId", seq, type, (data->>'progress')::int AS progress FROM generation_event
      ORDER BY generation_id, seq`),
    usage: await stand.sql(`SELECT generation_id AS "generationId", state FROM usage`),
    slots: await stand.sql(`SELECT attempt_id AS "attemptId", ${ms('free_at')} AS "freeAt" FROM token_slot`),
    limits: await stand.sql(`SELECT identity AS account, image_limit AS image, video_limit AS video FROM token`),
    assets,
    files: assets.flatMap(({ storageKey }) => fileOf(stand, storageKey)),
  };
}

function fileOf(stand: Stand, storageKey: string): Final['files'] {
  const file = path.join(stand.space?.path ?? stand.mediaDir, storageKey);
  if (!existsSync(file)) return [];
  const bytes = readFileSync(file);
  return [{ storageKey, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }];
}

async function readLedger(stand: Stand): Promise<Ledger> {
  const { submits, refusals } = await stand.simulator<{
    submits: Ledger['submits'];
    refusals: { [refusal: string]: number };
  }>('ledger');
  return {
    submits: submits.map(({ taskId, account, prompt, kind, at, finishedAt }) => ({
      ...{ taskId, account, prompt, kind, at, finishedAt },
    })),
    reusedRefreshTokens: refusals['oauth refresh_token_reused'] ?? 0,
  };
}

/** Whoever caught it: a rejection that nobody handled, a process that ended by itself, a row that no code path leaves. */
function alarmsOf(stand: Stand): string[] {
  const said = stand.lines.filter((line) =>
    /unhandled ?rejection|uncaught ?exception|MaxListenersExceeded|assigned without an attempt|named a task that another/i.test(
      line,
    ),
  );
  const ended = [...stand.apps.values()].flatMap(({ ends }) =>
    ends.filter(({ isOurs, wasReady }) => !isOurs && wasReady),
  );
  return [...said, ...ended.map(({ app, how, pid }) => `${app} (${pid}) ended by itself: ${how}`)];
}

async function leaksOf(stand: Stand, errorBodies: readonly string[], owners: readonly Owner[]): Promise<string[]> {
  const accounts = await stand.simulator<SimulatedAccount[]>('accounts');
  const secrets = new SecretForms({
    ...stand.keys,
    'proxy password': stand.proxyPassword,
    ...Object.fromEntries(owners.map(({ name, apiKey }) => [`API key of ${name}`, apiKey])),
    ...Object.fromEntries(
      accounts.flatMap(({ email, accessToken, sessionToken, refreshToken }) =>
        // The parts before the last name the account, which is no secret.
        Object.entries({ accessToken, sessionToken, refreshToken }).map(([name, token]) => [
          `${name} of ${email}`,
          token.split('.').at(-1) ?? '',
        ]),
      ),
    ),
  });
  const texts = {
    'a log': stand.lines,
    'the database': await dumpTables(stand.servers.databaseUrl),
    Redis: await stand.redis((redis) => dumpRedis(redis)),
    'an error': errorBodies,
  };
  const found = Object.entries(texts).flatMap(([where, parts]) =>
    parts.flatMap((text) => secrets.findIn(text).map(({ secret, form }) => `${where}: ${secret}, ${form}`)),
  );
  return [...new Set(found)];
}
