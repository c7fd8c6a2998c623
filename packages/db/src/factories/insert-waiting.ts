/** Rows for tests: many generations in the waiting room at once, each a millisecond older than the next. */
import { type Lane, laneKey } from '@reelay/contracts/lane';
import type { Database } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';

export interface WaitingRows {
  count?: number;
  lane?: Partial<Lane>;
  /** Made if it is missing; none by default. */
  apiKeyId?: string;
  priority?: number;
  /** How long ago the first was accepted. */
  ageMs?: number;
  /** From now; negative for a deadline that has passed. */
  deadlineMs?: number;
  notBeforeMs?: number;
}

export const videoLane: Lane = { provider: 'sora', kind: 'video', plan: 'any', sora2: true };

const ownerId = 'owner-of-tests';
let inserted = 0;

/** Returns their ids, the oldest first. */
export async function insertWaiting(database: Database, rows: WaitingRows = {}): Promise<string[]> {
  const { count = 1, apiKeyId = null, priority = 0, ageMs = 60_000, deadlineMs = 3_600_000 } = rows;
  const lane = { ...videoLane, ...rows.lane };
  const prefix = `waiting-${String(inserted).padStart(4, '0')}`;
  inserted += 1;
  await database.owner.upsert({ where: { id: ownerId }, create: { id: ownerId, name: ownerId }, update: {} });
  if (apiKeyId !== null) {
    const key = { id: apiKeyId, ownerId, name: apiKeyId, prefix: apiKeyId, mac: Buffer.from(apiKeyId) };
    await database.apiKey.upsert({ where: { id: apiKeyId }, create: key, update: {} });
  }
  const notBefore =
    rows.notBeforeMs === undefined
      ? Prisma.sql`NULL::timestamptz`
      : Prisma.sql`now() + ${rows.notBeforeMs} * interval '1 millisecond'`;
  const made = await database.$queryRaw<{ id: string }[]>`
    WITH made AS (
      INSERT INTO generation (
        id, owner_id, api_key_id, dialect, kind, model, provider, lane, priority, request, request_hash,
        created_at, not_before, deadline_at)
      SELECT ${prefix} || '-' || lpad(no::text, 6, '0'), ${ownerId}, ${apiKeyId}, 'videos', ${lane.kind}, 'sora2-landscape-10s',
        ${lane.provider}, ${laneKey(lane)}, ${priority}, '{}', 'hash', now() + (no - ${ageMs}) * interval '1 millisecond',
        ${notBefore}, now() + ${deadlineMs} * interval '1 millisecond'
      FROM generate_series(1, ${count}::integer) AS no
      RETURNING id
    ), event AS (
      INSERT INTO generation_event (generation_id, seq, type, data) SELECT id, 1, 'generation.queued', '{}' FROM made
    )
    SELECT id FROM made ORDER BY id`;
  return made.map(({ id }) => id);
}
