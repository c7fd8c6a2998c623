/** Endpoints as their owners manage them. The owner null is the operator; an endpoint of somebody else does not exist. */
import type { PageQuery } from '@reelay/contracts/openai/page';
import type { Database, Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { inTransaction } from '../transaction.js';

export type EndpointOwner = string | null;

export interface WebhookEndpoint {
  id: string;
  ownerId: EndpointOwner;
  name: string;
  url: string;
  eventTypes: string[];
  secretHint: string;
  failingSince: Date | null;
  disabledAt: Date | null;
  disabledReason: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface OwnEndpoint {
  id: string;
  ownerId: EndpointOwner;
}

/** With the secrets as they are kept: of these only what may sign is handed out to whoever signs. */
export interface KeptEndpoint extends WebhookEndpoint {
  secretSealed: string;
  oldSecretSealed: string | null;
  oldSecretUntil: Date | null;
}

const selectEndpoints = Prisma.sql`
  SELECT id, owner_id AS "ownerId", name, url, event_types AS "eventTypes", secret_hint AS "secretHint", failing_since AS "failingSince",
    disabled_at AS "disabledAt", disabled_reason AS "disabledReason", created_at AS "createdAt", updated_at AS "updatedAt",
    secret_sealed AS "secretSealed", old_secret_sealed AS "oldSecretSealed",
    CASE WHEN old_secret_until > now() THEN old_secret_until END AS "oldSecretUntil"
  FROM webhook_endpoint`;

const isOf = (ownerId: EndpointOwner) => Prisma.sql`owner_id IS NOT DISTINCT FROM ${ownerId}`;
const isOwn = ({ id, ownerId }: OwnEndpoint) => Prisma.sql`id = ${id} AND ${isOf(ownerId)}`;

export interface NewEndpoint extends OwnEndpoint {
  name: string;
  url: string;
  eventTypes: readonly string[];
  secretSealed: string;
  secretHint: string;
}

/** Undefined when the owner has as many as one may have. */
export async function insertEndpoint(
  database: Database,
  endpoint: NewEndpoint,
  most: number,
): Promise<KeptEndpoint | undefined> {
  const { id, ownerId, name, url, eventTypes, secretSealed, secretHint } = endpoint;
  return inTransaction(database, async (tx) => {
    // Two at once would both count the same.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('webhook_endpoint'), hashtext(${ownerId ?? ''}))`;
    const inserted = await tx.$executeRaw`
      INSERT INTO webhook_endpoint (id, owner_id, name, url, event_types, secret_sealed, secret_hint)
      SELECT ${id}, ${ownerId}, ${name}, ${url}, ${[...eventTypes]}::text[], ${secretSealed}, ${secretHint}
      WHERE (SELECT count(*) FROM webhook_endpoint WHERE ${isOf(ownerId)}) < ${most}`;
    return inserted === 1 ? findEndpoint(tx, { id, ownerId }) : undefined;
  });
}

export async function findEndpoint(database: Queryable, own: OwnEndpoint): Promise<KeptEndpoint | undefined> {
  const [row] = await database.$queryRaw<KeptEndpoint[]>`${selectEndpoints} WHERE ${isOwn(own)}`;
  return row;
}

/** One more than asked for where there are more. Ids grow with time. */
export async function listEndpoints(
  database: Queryable,
  ownerId: EndpointOwner,
  { after, limit, order }: PageQuery,
): Promise<KeptEndpoint[]> {
  const isAscending = order === 'asc';
  const behind = isAscending ? Prisma.sql`AND id > ${after}` : Prisma.sql`AND id < ${after}`;
  return database.$queryRaw<KeptEndpoint[]>`
    ${selectEndpoints} WHERE ${isOf(ownerId)} ${after === undefined ? Prisma.empty : behind}
    ORDER BY id ${isAscending ? Prisma.sql`ASC` : Prisma.sql`DESC`} LIMIT ${limit + 1}`;
}

export interface EndpointChange {
  name?: string | undefined;
  url?: string | undefined;
  eventTypes?: readonly string[] | undefined;
  isEnabled?: boolean | undefined;
}

/** What changes nothing does not count as a change. Whoever is enabled again has failed at nothing. */
export async function updateEndpoint(database: Database, own: OwnEndpoint, change: EndpointChange): Promise<void> {
  const { name = null, url = null, isEnabled = null } = change;
  const eventTypes = change.eventTypes ? [...change.eventTypes] : null;
  await database.$executeRaw`
    UPDATE webhook_endpoint SET
      name = coalesce(${name}, name), url = coalesce(${url}, url), event_types = coalesce(${eventTypes}::text[], event_types),
      disabled_at = CASE WHEN ${isEnabled}::boolean THEN NULL WHEN NOT ${isEnabled}::boolean THEN coalesce(disabled_at, now())
        ELSE disabled_at END,
      disabled_reason = CASE WHEN ${isEnabled}::boolean THEN NULL ELSE disabled_reason END,
      failing_since = CASE WHEN (${isEnabled}::boolean AND disabled_at IS NOT NULL) OR url <> ${url} THEN NULL ELSE failing_since END,
      updated_at = now()
    WHERE ${isOwn(own)} AND (
      name <> ${name} OR url <> ${url} OR event_types <> ${eventTypes}::text[]
      OR (disabled_at IS NULL) <> ${isEnabled}::boolean)`;
}

export interface NewSecret {
  secretSealed: string;
  secretHint: string;
  /** The one before, sealed for its new place; null ends it at once. */
  oldSecretSealed: string | null;
}

/** The secret may be needed to seal it anew, so it is given while nobody else can change it. Undefined when there is none. */
export async function rotateSecret(
  database: Database,
  own: OwnEndpoint,
  { keepsOldMs, next }: { keepsOldMs: number; next: (current: KeptEndpoint) => NewSecret },
): Promise<KeptEndpoint | undefined> {
  return inTransaction(database, async (tx) => {
    const [current] = await tx.$queryRaw<KeptEndpoint[]>`${selectEndpoints} WHERE ${isOwn(own)} FOR NO KEY UPDATE`;
    if (!current) return undefined;
    const { secretSealed, secretHint, oldSecretSealed } = next(current);
    await tx.$executeRaw`
      UPDATE webhook_endpoint SET secret_sealed = ${secretSealed}, secret_hint = ${secretHint}, old_secret_sealed = ${oldSecretSealed},
        old_secret_until = CASE WHEN ${oldSecretSealed}::text IS NOT NULL THEN now() + ${keepsOldMs}::float8 * interval '1 millisecond' END,
        updated_at = now()
      WHERE id = ${own.id}`;
    return findEndpoint(tx, own);
  });
}

/** What was sent to it is removed by the sweep. False when there was none. */
export async function deleteEndpoint(database: Database, own: OwnEndpoint): Promise<boolean> {
  return (await database.$executeRaw`DELETE FROM webhook_endpoint WHERE ${isOwn(own)}`) === 1;
}
