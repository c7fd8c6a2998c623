/** Credentials that are to be renewed ahead of their end: reckoned after every new one, and given to one replica at a time. */
import type { Database, Queryable } from '../client.js';
import { inTransaction } from '../transaction.js';
import { applyTokenEvent } from './apply-token-event.js';

export interface Unscheduled {
  id: string;
  version: number;
  provider: string;
  accessTokenSealed: string;
  expiresAt: Date;
}

/** Those whose new credential was not reckoned with yet, by whichever release or function it was stored. */
export async function findUnscheduled(database: Queryable, limit: number): Promise<Unscheduled[]> {
  return database.$queryRaw<Unscheduled[]>`
    SELECT id, credential_version AS version, provider, access_token_sealed AS "accessTokenSealed", expires_at AS "expiresAt"
    FROM token
    WHERE refresh_due_at IS NULL AND expires_at IS NOT NULL AND hidden_at IS NULL AND access_token_sealed <> '' LIMIT ${limit}`;
}

export async function scheduleRefreshes(
  database: Queryable,
  due: readonly { id: string; version: number; at: Date }[],
): Promise<void> {
  if (due.length === 0) return;
  await database.$executeRaw`
    UPDATE token SET refresh_due_at = due.at
    FROM unnest(
      ${due.map(({ id }) => id)}::text[], ${due.map(({ version }) => version)}::integer[],
      ${due.map(({ at }) => at)}::timestamptz[]) AS due (id, version, at)
    WHERE token.id = due.id AND credential_version = due.version AND refresh_due_at IS NULL`;
}

/**
 * The next account whose credential is due, the longest due first; undefined when there is none. It is moved ahead, so that nobody else
 * takes it, and comes back by itself where its replica dies. Accounts out of
 * service are left alone.
 */
export async function claimDueRefresh(
  database: Queryable,
  { targets, leaseMs }: { targets: readonly string[]; leaseMs: number },
): Promise<string | undefined> {
  const [due] = await database.$queryRaw<{ id: string }[]>`
    WITH next AS MATERIALIZED (
      SELECT id FROM token
      WHERE refresh_due_at <= now() AND hidden_at IS NULL AND state = 'active' AND target = ANY(${[...targets]}::text[])
      ORDER BY refresh_due_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE token SET refresh_due_at = now() + ${leaseMs}::float8 * interval '1 millisecond'
    FROM next WHERE token.id = next.id RETURNING token.id`;
  return due?.id;
}

interface Credential {
  id: string;
  version: number;
}

/** It did not come to a refresh at all: its turn was not reached, or somebody else is at it. */
export async function putBackRefresh(database: Queryable, { id, version }: Credential, inMs: number): Promise<void> {
  await database.$executeRaw`
    UPDATE token SET refresh_due_at = now() + ${inMs}::float8 * interval '1 millisecond'
    WHERE id = ${id} AND credential_version = ${version}`;
}

/** A passing reason: tried again after a pause that doubles each time, at most `longestMs`. */
export async function postponeRefresh(
  database: Queryable,
  { id, version }: Credential,
  { firstMs, longestMs }: { firstMs: number; longestMs: number },
): Promise<void> {
  await database.$executeRaw`
    UPDATE token SET refresh_failures = refresh_failures + 1,
      refresh_due_at = now() + least(${longestMs}::float8, ${firstMs}::float8 * 2 ^ least(refresh_failures, 30)) * interval '1 millisecond'
    WHERE id = ${id} AND credential_version = ${version}`;
}

/**
 * Nothing that is stored renews this credential: its account works on until its access token ends, and its history says so, once. It is
 * looked at again when that is over. True when this call was the one that said so.
 */
export async function warnOfEnd(database: Database, { id, version }: Credential, reason: string): Promise<boolean> {
  return inTransaction(database, async (tx) => {
    const [warned] = await tx.$queryRaw<{ endsAt: Date | null; isFirst: boolean }[]>`
      UPDATE token SET refresh_warning = ${reason}, refresh_due_at = expires_at, updated_at = now()
      FROM (SELECT refresh_warning IS NULL AS is_first FROM token WHERE id = ${id} FOR NO KEY UPDATE) AS before
      WHERE id = ${id} AND credential_version = ${version}
      RETURNING expires_at AS "endsAt", before.is_first AS "isFirst"`;
    if (!warned?.isFirst) return false;
    const endsAt = warned.endsAt?.getTime() ?? null;
    await applyTokenEvent(tx, id, { type: 'renewal_impossible', reason, endsAt });
    return true;
  });
}
