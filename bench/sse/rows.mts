/** Generations in the middle of their rendering, a few on each account, as the worker polls them, and the keys they are watched with. */
import { randomUUID } from 'node:crypto';
import { hashApiKey, newApiKey } from '@reelay/platform/keys';
import { newUlid } from '@reelay/platform/ulid';
import type { Client } from 'pg';

export interface Task {
  generationId: string;
  attemptId: string;
}

export interface Rows {
  /** Of each account its tasks: what one poll writes. */
  accounts: Task[][];
  keys: string[];
}

const owner = 'owner';
const plainRequest = {
  ...{ kind: 'video', workflow: 'video', model: 'sora2-landscape-10s', prompt: 'a paper boat', references: [] },
  ...{ orientation: 'landscape', seconds: 10, frames: 300, upstream: { model: 'sy_8', size: 'small' } },
};

export interface RowsOptions {
  accounts: number;
  tasksEach: number;
  keys: number;
  webKey: string;
}

export async function insertRows(client: Client, options: RowsOptions): Promise<Rows> {
  const keys = Array.from({ length: options.keys }, () => newApiKey());
  await client.query('INSERT INTO owner (id, name) VALUES ($1, $1)', [owner]);
  await client.query(
    `INSERT INTO api_key (id, owner_id, name, prefix, mac)
     SELECT 'key-' || no, $1, 'key', 'rly_' || no, decode(mac, 'hex') FROM unnest($2::text[]) WITH ORDINALITY AS key (mac, no)`,
    [owner, keys.map((key) => hashApiKey(options.webKey, key))],
  );
  await client.query(
    `INSERT INTO token (id, provider, target, identity, label, plan, sora2, access_token_sealed, access_token_hint, video_limit)
     SELECT 'token-' || no, 'sora', 'simulator', no, no, 'plus', true, 'sealed', 'hint', $2
     FROM generate_series(1, $1::integer) AS no`,
    [options.accounts, options.tasksEach],
  );
  const accounts = Array.from({ length: options.accounts }, () =>
    Array.from({ length: options.tasksEach }, () => ({ generationId: newUlid(), attemptId: randomUUID() })),
  );
  const tasks = accounts.flatMap((account, no) => account.map((task) => ({ ...task, tokenId: `token-${no + 1}` })));
  await client.query(
    `WITH task AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS task ("generationId" text, "attemptId" text, "tokenId" text)
     ), made AS (
       INSERT INTO generation (id, owner_id, api_key_id, dialect, kind, model, provider, lane, request, request_hash, deadline_at,
         token_id, fence, state, stage, assigned_at, started_at)
       SELECT "generationId", $2, 'key-1', 'videos', 'video', 'sora2-landscape-10s', 'sora', 'sora:video:any:sora2', $3,
         "generationId", now() + interval '1 day', "tokenId", 1, 'running', 'rendering', now(), now() FROM task
     ), event AS (
       INSERT INTO generation_event (generation_id, seq, type, data) SELECT "generationId", 1, 'generation.queued', '{}' FROM task
     )
     INSERT INTO submit_attempt (id, generation_id, step, n, token_id, provider, fence, takes_turn, state, sent_at, acked_at,
       operation_id, operation)
     SELECT "attemptId", "generationId", 1, 1, "tokenId", 'sora', 1, true, 'acked', now(), now(), "attemptId",
       jsonb_build_object('id', "attemptId") FROM task`,
    [JSON.stringify(tasks), owner, JSON.stringify(plainRequest)],
  );
  await client.query('VACUUM ANALYZE');
  return { accounts, keys };
}
