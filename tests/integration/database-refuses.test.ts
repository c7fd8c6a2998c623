/** What must never be is refused by the database itself, whatever the code above it does. */
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { Client } from 'pg';

let database: TestDatabase;
let client: Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(`INSERT INTO owner (id, name) VALUES ('o', 'owner')`);
  await client.query(
    `INSERT INTO token (id, provider, target, identity, label, access_token_sealed, access_token_hint) VALUES ('t', 'sora', 'simulator', 'i', 'l', 's', 'h')`,
  );
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

let next = 0;
async function generation(fields: Record<string, unknown> = {}): Promise<string> {
  next += 1;
  const row: Record<string, unknown> = {
    id: `g${next}`,
    owner_id: 'o',
    dialect: 'videos',
    kind: 'video',
    model: 'm',
    provider: 'sora',
    lane: 'l',
    request: '{}',
    request_hash: 'h',
    deadline_at: new Date(Date.now() + 1e6),
    ...fields,
  };
  const names = Object.keys(row);
  await client.query(
    `INSERT INTO generation (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
    Object.values(row),
  );
  return `g${next}`;
}

async function attempt(
  id: string,
  generationId: string,
  fields = { n: 1, state: 'intent', sent_at: null as Date | null, takes_turn: true },
) {
  await client.query(
    `INSERT INTO submit_attempt (id, generation_id, step, n, token_id, provider, fence, state, takes_turn, sent_at)
     VALUES ($1, $2, 1, $3, 't', 'sora', 1, $4, $5, $6)`,
    [id, generationId, fields.n, fields.state, fields.takes_turn, fields.sent_at],
  );
}

const ended = { state: 'failed', stage: 'ended', completed_at: new Date(), error: '{}' };

test('an unknown state or stage', async () => {
  await expect(generation({ state: 'sleeping' })).rejects.toThrow(/generation_state_check/);
  await expect(generation({ stage: 'napping' })).rejects.toThrow(/check/);
});

test('a terminal generation without its end, or an end without its reason', async () => {
  await expect(generation({ state: 'failed', stage: 'ended', error: '{}' })).rejects.toThrow(/check/);
  await expect(generation({ state: 'failed', stage: 'ended', completed_at: new Date() })).rejects.toThrow(/check/);
  await expect(generation({ state: 'succeeded', stage: 'ended', completed_at: new Date() })).rejects.toThrow(/check/);
});

test('a terminal generation that changes its state or gets another event', async () => {
  const id = await generation(ended);
  await expect(
    client.query(`UPDATE generation SET state = 'succeeded', result = '{}' WHERE id = $1`, [id]),
  ).rejects.toThrow(/has ended as failed/);
  await expect(client.query(`UPDATE generation SET seq = seq + 1 WHERE id = $1`, [id])).rejects.toThrow(
    /no more events/,
  );
});

test('a generation that falls back: progress, seq, fence, or from running to queued', async () => {
  const id = await generation({ state: 'running', stage: 'rendering', progress: 40, seq: 5, fence: 3 });
  await expect(client.query(`UPDATE generation SET progress = 39 WHERE id = $1`, [id])).rejects.toThrow(/only grow/);
  await expect(client.query(`UPDATE generation SET seq = 4 WHERE id = $1`, [id])).rejects.toThrow(/only grow/);
  await expect(client.query(`UPDATE generation SET fence = 2 WHERE id = $1`, [id])).rejects.toThrow(/only grow/);
  await expect(
    client.query(`UPDATE generation SET state = 'queued', stage = 'waiting' WHERE id = $1`, [id]),
  ).rejects.toThrow(/cannot be queued again/);
});

test('an event seq twice, and a second end', async () => {
  const id = await generation();
  const event = (seq: number, type: string) =>
    client.query(`INSERT INTO generation_event (generation_id, seq, type, data) VALUES ($1, $2, $3, '{}')`, [
      id,
      seq,
      type,
    ]);
  await event(1, 'generation.queued');
  await expect(event(1, 'generation.progressed')).rejects.toThrow(/generation_event_pkey/);
  await event(2, 'generation.failed');
  await expect(event(3, 'generation.succeeded')).rejects.toThrow(/generation_event_one_end/);
  await expect(event(4, 'generation.dreamt')).rejects.toThrow(/check/);
});

test('two open attempts for one generation and step', async () => {
  const id = await generation();
  await attempt('a1', id);
  await expect(attempt('a2', id, { n: 2, state: 'intent', sent_at: null, takes_turn: true })).rejects.toThrow(
    /submit_attempt_one_open/,
  );
});

test('two unresolved submits on one token where reconciliation is by elimination', async () => {
  await attempt('b1', await generation(), { n: 1, state: 'sent', sent_at: new Date(), takes_turn: true });
  await expect(
    attempt('b2', await generation(), { n: 1, state: 'unknown', sent_at: new Date(), takes_turn: true }),
  ).rejects.toThrow(/one_turn/);
});

test('an attempt that goes where the journal has no way', async () => {
  const id = await generation();
  await attempt('c1', id);
  const become = (state: string) =>
    client.query(`UPDATE submit_attempt SET state = $1, sent_at = now(), operation_id = 'op' WHERE id = 'c1'`, [state]);
  await expect(become('acked')).rejects.toThrow(/cannot go from intent to acked/);
  await expect(become('dreaming')).rejects.toThrow(/cannot go|check/);
  await client.query(`UPDATE submit_attempt SET state = 'not_sent', closed_at = now() WHERE id = 'c1'`);
  await expect(
    client.query(`UPDATE submit_attempt SET state = 'sent', closed_at = NULL WHERE id = 'c1'`),
  ).rejects.toThrow(/cannot go from not_sent/);
});

test('two holders of one slot, and one attempt in two slots', async () => {
  await attempt('d1', await generation());
  await attempt('d2', await generation());
  const slot = (number: number, attemptId: string) =>
    client.query(`INSERT INTO token_slot (token_id, kind, slot_no, attempt_id) VALUES ('t', 'video', $1, $2)`, [
      number,
      attemptId,
    ]);
  await slot(0, 'd1');
  await expect(slot(0, 'd2')).rejects.toThrow(/token_slot_pkey/);
  await expect(slot(1, 'd1')).rejects.toThrow(/token_slot_attempt_id_key/);
  await expect(slot(-1, 'd2')).rejects.toThrow(/check/);
});

test('the same operation of a token owned by two attempts', async () => {
  const own = async (id: string) => {
    await attempt(id, await generation(), { n: 1, state: 'intent', sent_at: null, takes_turn: false });
    await client.query(`UPDATE submit_attempt SET state = 'sent', sent_at = now() WHERE id = $1`, [id]);
    await client.query(
      `UPDATE submit_attempt SET state = 'acked', acked_at = now(), operation_id = 'task_1' WHERE id = $1`,
      [id],
    );
  };
  await own('e1');
  await expect(own('e2')).rejects.toThrow(/submit_attempt_operation/);
});

test('a slot on an account that does not exist, or an account gone while a slot or a generation is on it', async () => {
  const [id, other] = [await generation({ token_id: 't' }), await generation()];
  await attempt('f1', id);
  await attempt('f2', other);
  const slot = (tokenId: string, attemptId: string) =>
    client.query(`INSERT INTO token_slot (token_id, kind, slot_no, attempt_id) VALUES ($1, 'image', 0, $2)`, [
      tokenId,
      attemptId,
    ]);
  const noAccount = { code: '23503', message: expect.stringContaining('an account that exists') };
  await expect(slot('nobody', 'f1')).rejects.toMatchObject(noAccount);
  await slot('t', 'f1');
  await expect(client.query(`UPDATE token_slot SET token_id = 'nobody' WHERE attempt_id = 'f1'`)).rejects.toMatchObject(
    noAccount,
  );
  await client.query(
    `INSERT INTO token (id, provider, target, identity, label, access_token_sealed, access_token_hint) VALUES ('u', 'sora', 'simulator', 'j', 'l', 's', 'h')`,
  );
  // The attempt is of another account, so that only what is tested here stands in the way.
  const refused = { code: '23503', message: expect.stringContaining('can be hidden, not removed') };
  await slot('u', 'f2');
  await expect(client.query(`DELETE FROM token WHERE id = 'u'`)).rejects.toMatchObject(refused);
  await expect(client.query(`UPDATE token SET id = 'v' WHERE id = 'u'`)).rejects.toMatchObject(refused);
  await client.query(`DELETE FROM token_slot WHERE attempt_id = 'f2'`);
  await client.query(`UPDATE generation SET token_id = 'u' WHERE id = $1`, [other]);
  await expect(client.query(`DELETE FROM token WHERE id = 'u'`)).rejects.toMatchObject(refused);
  await client.query(`UPDATE generation SET token_id = NULL WHERE id = $1`, [other]);
  await client.query(`DELETE FROM token WHERE id = 'u'`);
});

test('an account gone while a slot on it is being taken, whoever comes first', async () => {
  const insert = (id: string) =>
    client.query(
      `INSERT INTO token (id, provider, target, identity, label, access_token_sealed, access_token_hint) VALUES ($1, 'sora', 'simulator', $1, 'l', 's', 'h')`,
      [id],
    );
  const remove = (from: Client, id: string) => from.query('DELETE FROM token WHERE id = $1', [id]);
  const take = (from: Client, id: string, attemptId: string) =>
    from.query(`INSERT INTO token_slot (token_id, kind, slot_no, attempt_id) VALUES ($1, 'video', 9, $2)`, [
      id,
      attemptId,
    ]);
  const second = new Client({ connectionString: database.url });
  await second.connect();
  try {
    for (const first of ['taking', 'removing'] as const) {
      await insert(first);
      await attempt(`race ${first}`, await generation());
      await client.query('BEGIN');
      await (first === 'taking' ? take(client, first, `race ${first}`) : remove(client, first));
      const late = (first === 'taking' ? remove(second, first) : take(second, first, `race ${first}`)).then(
        () => undefined,
        (error: unknown) => error,
      );
      await client.query('COMMIT');
      expect(await late).toMatchObject({ code: '23503' });
    }
  } finally {
    await second.end();
  }
});

test('an attempt of no generation, a slot held by no attempt, and either gone from under them', async () => {
  const refused = { code: '23503' };
  const id = await generation();
  await expect(attempt('h1', 'nothing')).rejects.toMatchObject(refused);
  await attempt('h1', id);
  const set = (text: string) => client.query(text);
  await expect(set(`UPDATE submit_attempt SET generation_id = 'nothing' WHERE id = 'h1'`)).rejects.toMatchObject(
    refused,
  );
  await expect(client.query('DELETE FROM generation WHERE id = $1', [id])).rejects.toMatchObject(refused);
  await expect(client.query(`UPDATE generation SET id = 'other' WHERE id = $1`, [id])).rejects.toMatchObject(refused);
  const slot = (attemptId: string) =>
    client.query(`INSERT INTO token_slot (token_id, kind, slot_no, attempt_id) VALUES ('t', 'image', 5, $1)`, [
      attemptId,
    ]);
  await expect(slot('nothing')).rejects.toMatchObject(refused);
  await slot('h1');
  await expect(set(`UPDATE token_slot SET attempt_id = 'nothing' WHERE attempt_id = 'h1'`)).rejects.toMatchObject(
    refused,
  );
  await expect(set(`DELETE FROM submit_attempt WHERE id = 'h1'`)).rejects.toMatchObject(refused);
  await expect(set(`UPDATE submit_attempt SET id = 'h2' WHERE id = 'h1'`)).rejects.toMatchObject(refused);
  await set(`DELETE FROM token_slot WHERE attempt_id = 'h1'`);
  await set(`DELETE FROM submit_attempt WHERE id = 'h1'`);
  await client.query('DELETE FROM generation WHERE id = $1', [id]);
});

test('a generation gone while an attempt of it, or an attempt gone while its slot, is being added, whoever comes first', async () => {
  const second = new Client({ connectionString: database.url });
  await second.connect();
  const both = async (one: (from: Client) => Promise<unknown>, other: (from: Client) => Promise<unknown>) => {
    await client.query('BEGIN');
    await one(client);
    const late = other(second).then(
      () => undefined,
      (error: unknown) => error,
    );
    await client.query('COMMIT');
    expect(await late).toMatchObject({ code: '23503' });
  };
  try {
    for (const first of ['adding', 'removing'] as const) {
      const [bare, held] = [await generation(), await generation()];
      await attempt(`held ${first}`, held);
      const open = (from: Client) =>
        from.query(
          `INSERT INTO submit_attempt (id, generation_id, step, n, token_id, provider, fence, takes_turn)
           VALUES ($1, $2, 1, 1, 't', 'sora', 1, false)`,
          [`bare ${first}`, bare],
        );
      const take = (from: Client) =>
        from.query(`INSERT INTO token_slot (token_id, kind, slot_no, attempt_id) VALUES ('t', 'image', $1, $2)`, [
          first === 'adding' ? 6 : 7,
          `held ${first}`,
        ]);
      const remove = (from: Client) => from.query('DELETE FROM generation WHERE id = $1', [bare]);
      const removeHolder = (from: Client) => from.query('DELETE FROM submit_attempt WHERE id = $1', [`held ${first}`]);
      await (first === 'adding' ? both(open, remove) : both(remove, open));
      await (first === 'adding' ? both(take, removeHolder) : both(removeHolder, take));
    }
  } finally {
    await second.end();
  }
});

test('nothing of the journal is left where all generations, or all attempts, are emptied', async () => {
  const left = async () => {
    const { rows } = await client.query<{ left: number }>(
      'SELECT (SELECT count(*) FROM submit_attempt)::integer + (SELECT count(*) FROM token_slot)::integer AS left',
    );
    return rows[0]?.left;
  };
  for (const tables of ['generation', 'submit_attempt', 'token, generation', 'token_slot, submit_attempt']) {
    await client.query(`INSERT INTO token (id, provider, target, identity, label, access_token_sealed, access_token_hint)
      VALUES ('t', 'sora', 'simulator', 'i', 'l', 's', 'h') ON CONFLICT DO NOTHING`);
    await attempt(`emptied ${tables}`, await generation());
    await client.query(`INSERT INTO token_slot (token_id, kind, slot_no, attempt_id) VALUES ('t', 'image', 8, $1)`, [
      `emptied ${tables}`,
    ]);
    await client.query(`TRUNCATE ${tables} CASCADE`);
    expect(await left()).toBe(0);
  }
});
