/** Looks at the open work of a stand again and again, past all proxies. While PostgreSQL is away it sees nothing. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import type { Sample } from '../judge/history.js';
import type { Stand } from './stand.js';

const everyMs = 200;
/** One statement, so that what it tells was true at one instant. */
const query = `
  WITH open AS (
    SELECT attempt.id, attempt.generation_id AS "generationId", attempt.state, attempt.token_id AS "tokenId", generation.seq
    FROM submit_attempt attempt JOIN generation ON generation.id = attempt.generation_id WHERE attempt.closed_at IS NULL
  ), held AS (
    SELECT slot.token_id AS "tokenId", slot.kind, slot.slot_no AS "slotNo", slot.attempt_id AS "attemptId", attempt.state AS "attemptState",
      CASE slot.kind WHEN 'image' THEN token.image_limit ELSE token.video_limit END AS "limit",
      (extract(epoch FROM slot.free_at) * 1000)::float8 AS "freeAt"
    FROM token_slot slot JOIN token ON token.id = slot.token_id JOIN submit_attempt attempt ON attempt.id = slot.attempt_id
  )
  SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at,
    (SELECT coalesce(json_agg(open), '[]') FROM open) AS attempts,
    (SELECT coalesce(json_agg(held), '[]') FROM held) AS slots,
    (SELECT count(*)::int FROM generation WHERE state = 'queued' AND token_id IS NULL) AS waiting`;

/** Resolves when the signal is aborted. */
export async function sample(stand: Stand, samples: Sample[], signal: AbortSignal): Promise<void> {
  let client: Client | undefined;
  while (!signal.aborted) {
    try {
      client ??= await connect(stand);
      const { rows } = await client.query<Sample>({ text: query });
      samples.push(...rows);
    } catch {
      await client?.end().catch(() => {});
      client = undefined;
    }
    await pause(everyMs);
  }
  await client?.end().catch(() => {});
}

async function connect(stand: Stand): Promise<Client> {
  const client = new Client({ connectionString: stand.servers.databaseUrl, query_timeout: 5_000 });
  client.on('error', () => {});
  await client.connect();
  return client;
}
