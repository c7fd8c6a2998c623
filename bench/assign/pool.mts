/** A pool as it looks in the middle of its work: accounts half in use, rows waiting in eight lanes for ten API keys. */
import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';

export interface PoolSize {
  tokens: number;
  waiting: number;
}

export const lanes = [
  { kind: 'video', plan: 'any', sora2: true },
  { kind: 'video', plan: 'any', sora2: false },
  { kind: 'video', plan: 'pro', sora2: true },
  { kind: 'video', plan: 'pro', sora2: false },
  { kind: 'image', plan: 'any', sora2: false },
  { kind: 'image', plan: 'pro', sora2: false },
  { kind: 'character', plan: 'any', sora2: true },
  { kind: 'character', plan: 'pro', sora2: true },
].map((lane) => ({ provider: 'sora', ...lane }) as const) as readonly BenchLane[];

export interface BenchLane {
  provider: 'sora';
  kind: 'video' | 'image' | 'character';
  plan: 'any' | 'pro';
  sora2: boolean;
}

export function keyOf({ provider, kind, plan, sora2 }: BenchLane): string {
  return [provider, kind, plan, sora2 ? 'sora2' : '-'].join(':');
}

export const apiKeys = 10;

/**
 * A third of the accounts is pro, half of them have named their quota, which leaves every twentieth less than its slots, and every
 * twentieth row excludes one of them.
 */
export async function fillPool(client: Client, { tokens, waiting }: PoolSize): Promise<void> {
  await client.query('TRUNCATE token, generation, api_key, owner, lane_state CASCADE');
  await client.query("INSERT INTO owner (id, name) VALUES ('owner', 'owner')");
  await client.query(
    `INSERT INTO api_key (id, owner_id, name, prefix, mac)
     SELECT 'key-' || no, 'owner', 'key', 'rly_' || no, decode(md5(no::text), 'hex') FROM generate_series(1, $1::integer) AS no`,
    [apiKeys],
  );
  await client.query(
    `INSERT INTO token (id, provider, target, identity, label, plan, sora2, access_token_sealed, access_token_hint,
       image_limit, video_limit, remaining, last_assigned_at)
     SELECT 'token-' || lpad(no::text, 6, '0'), 'sora', 'simulator', no, no, CASE WHEN no % 3 = 0 THEN 'pro' ELSE 'plus' END,
       true, repeat(md5(no::text), 60), 'hint', 2, 3, CASE WHEN no % 20 = 0 THEN 2 WHEN no % 2 = 0 THEN 50 END, now() - random() * interval '1 hour'
     FROM generate_series(1, $1::integer) AS no`,
    [tokens],
  );
  for (const lane of lanes) await addWaiting(client, lane, waiting / lanes.length);
  await client.query(
    `INSERT INTO generation_exclusion (generation_id, token_id, until)
     SELECT generation.id, token.id, now() + interval '1 hour'
     FROM (SELECT id, row_number() OVER () AS no FROM generation) AS generation
       JOIN (SELECT id, row_number() OVER () AS no FROM token) AS token ON token.no = 1 + generation.no % $1::integer
     WHERE generation.no % 20 = 0`,
    [tokens],
  );
  await client.query('VACUUM ANALYZE');
}

export async function addWaiting(client: Client, lane: BenchLane, count: number): Promise<void> {
  await client.query(
    `INSERT INTO generation (id, owner_id, api_key_id, dialect, kind, model, provider, lane, request, request_hash, deadline_at)
     SELECT $1 || '-' || lpad(no::text, 6, '0'), 'owner', 'key-' || 1 + no % ${apiKeys}, 'videos', $2, 'sora2-landscape-10s', 'sora', $3,
       '{}', 'hash', now() + interval '1 day'
     FROM generate_series(1, $4::integer) AS no`,
    [randomUUID(), lane.kind, keyOf(lane), count],
  );
}

/** So many of a lane's rows are in work, one on an account each. Returns their attempts. */
export async function addAssigned(client: Client, lane: BenchLane, count: number): Promise<string[]> {
  const slotKind = lane.kind === 'image' ? 'image' : 'video';
  // Lanes that share accounts share none of their slots.
  const sharing = lanes.filter(
    ({ kind, plan }) => plan === lane.plan && (kind === 'image') === (lane.kind === 'image'),
  );
  const { rows } = await client.query<{ id: string }>(
    `WITH chosen AS MATERIALIZED (
       SELECT gen_random_uuid()::text AS id, id AS token_id, row_number() OVER () AS no FROM (
         SELECT id FROM token WHERE (plan = 'pro') = $1 ORDER BY random() LIMIT $2) AS token
     ), made AS (
       INSERT INTO generation (id, owner_id, api_key_id, dialect, kind, model, provider, lane, request, request_hash, deadline_at,
         token_id, fence, assigned_at)
       SELECT id, 'owner', 'key-' || 1 + no % ${apiKeys}, 'videos', $3, 'sora2-landscape-10s', 'sora', $4, '{}', 'hash',
         now() + interval '1 day', token_id, 1, now() FROM chosen
     ), slot AS (
       INSERT INTO token_slot (token_id, kind, slot_no, attempt_id) SELECT token_id, $5, $6, id FROM chosen
     )
     INSERT INTO submit_attempt (id, generation_id, step, n, token_id, provider, fence, takes_turn)
     SELECT id, id, 1, 1, token_id, 'sora', 1, true FROM chosen RETURNING id`,
    [lane.plan === 'pro', count, lane.kind, keyOf(lane), slotKind, sharing.indexOf(lane)],
  );
  return rows.map(({ id }) => id);
}

/** Attempts of a lane come to their end, and as many rows come to wait in their place. */
export async function renewLane(client: Client, lane: BenchLane, attemptIds: readonly string[]): Promise<void> {
  await client.query(
    `WITH ended AS (
       UPDATE submit_attempt SET state = 'not_sent', closed_at = now() WHERE id = ANY($1::text[]) RETURNING generation_id
     ), freed AS (
       DELETE FROM token_slot WHERE attempt_id = ANY($1::text[])
     )
     UPDATE generation SET state = 'cancelled', stage = 'ended', completed_at = now(), error = '{}'
     WHERE id IN (SELECT generation_id FROM ended)`,
    [attemptIds],
  );
  await addWaiting(client, lane, attemptIds.length);
}

/** What has been in work the longest. */
export async function findOldestOpen(client: Client): Promise<{ attemptId: string; lane: BenchLane }> {
  const { rows } = await client.query<{ id: string; lane: string }>(
    `SELECT attempt.id, lane FROM submit_attempt AS attempt JOIN generation ON generation.id = generation_id
     WHERE attempt.state = 'intent' ORDER BY attempt.created_at LIMIT 1`,
  );
  const lane = lanes.find((known) => keyOf(known) === rows[0]?.lane);
  if (rows[0] === undefined || lane === undefined) throw new Error('Nothing is left that could end.');
  return { attemptId: rows[0].id, lane };
}
