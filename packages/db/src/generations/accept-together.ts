/** Acceptance of generations of different requests by one statement, which costs a fraction of as many: those that nothing speaks against. */
import { keyLimits } from '../admission/key-limits.js';
import { laneOutlook } from '../admission/lane-outlook.js';
import type { Queryable } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';
import { plannedOnce } from '../planned-once.js';
import { type AcceptedColumns, type AcceptGeneration, acceptedGeneration } from './accept-generation.js';
import type { Generation } from './find-generation.js';

/** As many as `admit_several` lets pass at once. */
export const mostTogether = 16;

/** One with an Idempotency-Key or with references has rows to look for and to lock, and goes alone. */
export function canGoTogether({ idempotency, request }: AcceptGeneration): boolean {
  return idempotency === undefined && request.references.length === 0;
}

/** What those have in common that are let in or not for the same reasons. */
export function sortOf(accept: AcceptGeneration) {
  const { ownerId, apiKeyId, dialect, provider, lane, request, deadlineMs, limits } = accept;
  const { openPerKey = null, open = null } = limits ?? {};
  // As a text, for JSON knows no such numbers.
  const waiter = accept.waiter.toString();
  return { ownerId, apiKeyId, dialect, provider, lane, kind: request.kind, deadlineMs, openPerKey, open, waiter };
}

/**
 * Rows, first events and usage reservations of all that are returned, by their ids, in one statement. What is missing was not written: its
 * lane or its key's limits and quotas want a closer look, so it is to be accepted alone.
 */
export async function acceptTogether(
  database: Queryable,
  accepts: readonly AcceptGeneration[],
): Promise<Map<string, Generation>> {
  const written = await queryDriver<AcceptedColumns & { id: string }>(
    database,
    Prisma.sql`${plannedOnce}
    WITH sort AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(sortsOf(accepts))}::jsonb) AS sort
        ("ownerId" text, "apiKeyId" text, dialect text, provider text, lane text, kind text, "deadlineMs" bigint, "openPerKey" integer,
          open integer, waiter bigint, members jsonb)
    ), served AS MATERIALIZED (
      SELECT sort.*, jsonb_array_length(members) AS count, coalesce(own.priority, 0) AS priority, own.most_open
      FROM sort
      LEFT JOIN LATERAL (${keyLimits({ apiKeyId: column('apiKeyId'), kind: column('kind'), openPerKey: column('openPerKey') })}) AS own ON true
      LEFT JOIN LATERAL (${laneOutlook({ lane: column('lane'), apiKeyId: column('apiKeyId'), deadlineMs: column('deadlineMs') })}) AS outlook ON true
      WHERE own.daily IS NULL AND own.monthly IS NULL
        AND "isUnserved" IS NOT TRUE AND "isOut" IS NOT TRUE AND "hopelessMs" IS NULL
    ), place AS MATERIALIZED (
      -- One for the statement, whatever it asks for, and before it does.
      SELECT take_admission_place() AS is_taken WHERE EXISTS (SELECT FROM served)
    ), of_key AS MATERIALIZED (
      -- A condition on one table could be looked at before there is a place.
      SELECT served.* FROM place CROSS JOIN served
      WHERE CASE WHEN is_taken THEN most_open IS NULL OR admit_several("apiKeyId", most_open, count) END
    ), admitted AS MATERIALIZED (
      SELECT * FROM of_key WHERE open IS NULL OR admit_several(NULL, open, count)
    ), accepted AS (
      INSERT INTO generation
        (id, owner_id, api_key_id, dialect, kind, model, provider, lane, priority, request, request_hash, waiter, simulated, deadline_at)
      SELECT member.id, "ownerId", "apiKeyId", dialect, kind, request ->> 'model', provider, lane, priority, request, "requestHash", waiter,
        -- What it will be if nothing changes; the assignment knows.
        coalesce((SELECT tokens > 0 AND simulated = tokens FROM lane_state WHERE lane_state.lane = admitted.lane),
          (SELECT simulated FROM generation WHERE generation.id = member.request -> 'parent' ->> 'generationId'), false),
        now() + "deadlineMs" * interval '1 millisecond'
      FROM admitted, jsonb_to_recordset(members) AS member (id text, request jsonb, "requestHash" text)
      RETURNING id, owner_id, api_key_id, kind, model, priority, simulated, created_at, deadline_at
    ), event AS (
      INSERT INTO generation_event (generation_id, seq, type, data) SELECT id, 1, 'generation.queued', '{}' FROM accepted
    ), reserved AS (
      INSERT INTO usage (generation_id, owner_id, api_key_id, kind, model) SELECT id, owner_id, api_key_id, kind, model FROM accepted
    )
    SELECT id, created_at AS "createdAt", deadline_at AS "deadlineAt", priority, simulated FROM accepted`,
  );
  const columns = new Map(written.map((row) => [row.id, row]));
  return new Map(
    accepts.flatMap((accept) => {
      const row = columns.get(accept.id);
      return row ? [[accept.id, acceptedGeneration(accept, row)]] : [];
    }),
  );
}

function sortsOf(accepts: readonly AcceptGeneration[]) {
  const sorts = new Map<string, ReturnType<typeof sortOf> & { members: object[] }>();
  for (const accept of accepts) {
    const sort = sortOf(accept);
    const name = JSON.stringify(sort);
    const known = sorts.get(name) ?? { ...sort, members: [] };
    sorts.set(name, known);
    const { id, request, requestHash } = accept;
    known.members.push({ id, request, requestHash });
  }
  return [...sorts.values()];
}

function column(name: keyof ReturnType<typeof sortOf>): Prisma.Sql {
  return Prisma.raw(`sort."${name}"`);
}
