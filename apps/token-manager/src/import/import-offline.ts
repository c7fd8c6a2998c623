/** A portion of an import that asks no upstream: mode `offline`, and dry runs of every mode. New accounts go in with one statement. */
import type { ClaimedRow } from '@reelay/db/batches/claim-rows';
import type { RunningBatch } from '@reelay/db/batches/find-batch';
import { findFirstOf } from '@reelay/db/batches/find-first-of';
import type { RowResult } from '@reelay/db/batches/finish-rows';
import { insertAccounts } from '@reelay/db/batches/insert-accounts';
import { findAccounts, type StoredSecrets } from '@reelay/db/batches/read-accounts';
import { isOutage } from '@reelay/db/outage';
import { newUlid } from '@reelay/platform/ulid';
import { failureOf, invalid, outcome, type RowOutcome } from '../batches/row-outcome.js';
import { hintOf } from '../credentials/vault.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { storeAccount } from '../tokens/store-account.js';
import { accountOf, type Claims, isUnchanged, missing, type Payload, placeOf, readClaims } from './account-of-row.js';
import { openPayload } from './payload.js';
import { takeUp } from './take-up.js';
import { wayOf } from './way-of-row.js';

interface Candidate {
  n: number;
  row: Payload;
  claims: Claims;
}
type Identified = Candidate & { claims: { identity: string } };

export async function importOffline(
  parts: TokenManagerParts,
  batch: RunningBatch,
  rows: readonly ClaimedRow[],
): Promise<RowResult[]> {
  const results: RowResult[] = [];
  const candidates: Candidate[] = [];
  for (const claimed of rows) {
    const candidate = read(parts, batch, claimed);
    if ('verdict' in candidate) results.push({ n: claimed.n, ...candidate });
    else candidates.push(candidate);
  }
  const named = candidates.filter((candidate): candidate is Identified => candidate.claims.identity !== null);
  const known = await findKnown(parts, batch, named);
  const work = batch.options.dryRun === true ? foresee : add;
  return [...results, ...(await work(parts, batch, candidates, known))];
}

type KnownAccounts = ReadonlyMap<string, StoredSecrets>;

function read(parts: TokenManagerParts, batch: RunningBatch, claimed: ClaimedRow): Candidate | RowOutcome {
  try {
    const row = openPayload(parts.vault, batch.id, claimed);
    const way = wayOf(parts, row, batch.options);
    if (batch.options.dryRun !== true && row.accessToken === undefined) throw missing('access token', 'offline');
    const claims = readClaims(parts, row, batch.options);
    if (claims.identity === null && way === 'offline') {
      return invalid(
        'The access token does not say whose it is, and neither does the row. Copy it whole, or use mode "access".',
      );
    }
    return { n: claimed.n, row, claims };
  } catch (error) {
    return failureOf(error);
  }
}

async function findKnown(
  { database }: TokenManagerParts,
  { options }: RunningBatch,
  candidates: readonly Identified[],
): Promise<KnownAccounts> {
  const accounts = candidates.map(({ row, claims }) => ({ ...placeOf(row, options), identity: claims.identity }));
  const found = accounts.length === 0 ? [] : await findAccounts(database, accounts);
  return new Map(found.map((account) => [keyOf(account.target, account.identity), account]));
}

function keyOf(target: string, identity: string | null): string {
  return `${target} ${identity}`;
}

/** What would become of the rows. A second one of the same account would find it there. */
async function foresee(
  { database, vault }: TokenManagerParts,
  { id, options }: RunningBatch,
  candidates: readonly Candidate[],
  known: KnownAccounts,
): Promise<RowResult[]> {
  const identities = candidates.flatMap(({ claims }) => claims.identity ?? []);
  const firstOf = await findFirstOf(database, id, identities);
  return candidates.map(({ n, row, claims: { identity } }) => {
    const account = known.get(keyOf(placeOf(row, options).target, identity));
    if (account && isUnchanged(vault, account, row, options)) return { n, ...outcome('unchanged', account.id) };
    if (account && !account.isHidden) return { n, ...outcome('would_update', account.id) };
    if (identity === null) {
      return { n, ...outcome('would_add', null, 'Whose it is will be known when the upstream is asked.') };
    }
    const isSecond = (firstOf.get(identity) ?? n) < n;
    return {
      n,
      ...(isSecond ? outcome('would_update', null, 'The same account comes before.') : outcome('would_add', null)),
    };
  });
}

async function add(
  parts: TokenManagerParts,
  batch: RunningBatch,
  candidates: readonly Candidate[],
  known: KnownAccounts,
): Promise<RowResult[]> {
  const fresh = new Map<string, Candidate & { id: string }>();
  for (const candidate of candidates) {
    const key = keyOf(placeOf(candidate.row, batch.options).target, candidate.claims.identity);
    if (!known.has(key) && !fresh.has(key)) fresh.set(key, { ...candidate, id: newUlid() });
  }
  const added = await insertFresh(parts, batch, [...fresh.values()]);
  const results: RowResult[] = [];
  const changed = new Set<string>();
  // In the order of the file: of several rows of one account the last one counts.
  for (const candidate of candidates) {
    const id = added.get(candidate.n);
    const key = keyOf(placeOf(candidate.row, batch.options).target, candidate.claims.identity);
    // What was read for all of them is true as long as no row of this portion has changed it.
    const asRead = changed.has(key) ? undefined : known.get(key);
    changed.add(key);
    const done = id === undefined ? await addOne(parts, batch, candidate, asRead) : outcome('added', id);
    if (id !== undefined && isUnusual(candidate.row)) await takeUp(parts, id, candidate.row);
    results.push({ n: candidate.n, ...done });
  }
  return results;
}

/** Says something of the account that a new one is not by itself, and that is not inserted with it. */
function isUnusual({ isActive, weight, usedByPeople }: Payload): boolean {
  return isActive === false || usedByPeople === true || (weight ?? 1) !== 1;
}

/** The new accounts' ids by the number of their row; none where one of them cannot be stored, so that each is tried by itself. */
async function insertFresh(
  { database, vault, log }: TokenManagerParts,
  { options }: RunningBatch,
  fresh: readonly (Candidate & { id: string })[],
): Promise<Map<number, string>> {
  const accounts = fresh.map(({ id, row, claims }) => {
    const account = accountOf(row, options);
    return {
      id,
      provider: account.provider,
      target: account.target,
      identity: claims.identity ?? '',
      label: account.label ?? claims.identity ?? '',
      accessTokenSealed: vault.seal(id, 'access_token_sealed', account.accessToken),
      accessTokenHint: hintOf(account.accessToken),
      expiresAt: claims.expiresAt === null ? null : new Date(claims.expiresAt),
      sessionTokenSealed: vault.sealOptional(id, 'session_token_sealed', account.sessionToken),
      refreshTokenSealed: vault.sealOptional(id, 'refresh_token_sealed', account.refreshToken),
      clientId: account.clientId ?? null,
      proxySealed: vault.sealOptional(id, 'proxy_sealed', account.proxyUrl),
      imageLimit: account.imageLimit ?? null,
      videoLimit: account.videoLimit ?? null,
      imageEnabled: row.imageEnabled ?? null,
      videoEnabled: row.videoEnabled ?? null,
      plan: row.plan ?? null,
      sora2: row.sora2 ?? null,
    };
  });
  const inserted = await insertAccounts(database, accounts).catch((error: unknown) => {
    if (isOutage(error)) throw error;
    log.warn({ error, rows: accounts.length }, 'accounts cannot be added together, so one by one');
    return new Set<string>();
  });
  return new Map(fresh.filter(({ id }) => inserted.has(id)).map(({ n, id }) => [n, id]));
}

/** An account that is known, or that a row before has just added. */
async function addOne(
  parts: TokenManagerParts,
  { options }: RunningBatch,
  { row, claims }: Candidate,
  asRead: StoredSecrets | undefined,
): Promise<RowOutcome> {
  try {
    const identity = claims.identity ?? '';
    const known = asRead ?? (await findAccounts(parts.database, [{ ...placeOf(row, options), identity }]))[0];
    if (known && isUnchanged(parts.vault, known, row, options)) return outcome('unchanged', known.id);
    const { expiresAt } = claims;
    const account = { newId: newUlid(), identity, expiresAt, inspection: undefined };
    const stored = await storeAccount(parts, accountOf(row, options), account);
    await takeUp(parts, stored.id, row);
    return outcome(stored.isNew ? 'added' : 'updated', stored.id);
  } catch (error) {
    return failureOf(error);
  }
}
