/** The baseline, a process of its own: Fastify with nothing around it, one insert and one job for each POST, one row read for each GET. */
import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import pg from 'pg';

interface Row {
  id: string;
  owner_id: string;
  request: { model: string; prompt: string; seconds: string; size: string };
  state: string;
  progress: number;
  created_at: Date;
}

const [, , databaseUrl = '', redisUrl = ''] = process.argv;
const pool = new pg.Pool({ connectionString: databaseUrl, max: 15 });
await pool.query(`CREATE TABLE IF NOT EXISTS bare_generation (
  id text PRIMARY KEY, owner_id text NOT NULL, lane text NOT NULL, request jsonb NOT NULL, request_hash text NOT NULL,
  state text NOT NULL DEFAULT 'queued', progress integer NOT NULL DEFAULT 0, created_at timestamptz NOT NULL DEFAULT now(),
  deadline_at timestamptz NOT NULL DEFAULT now() + interval '1 hour')`);
const queue = new Queue('bare', { connection: new Redis(redisUrl, { maxRetriesPerRequest: null }) });
await queue.waitUntilReady();

const server = Fastify({ logger: false });
server.post<{ Body: Row['request'] }>('/v1/videos', async ({ body }) => {
  const id = randomUUID();
  const { rows } = await pool.query<Row>({
    name: 'insert',
    text: `INSERT INTO bare_generation (id, owner_id, lane, request, request_hash) VALUES ($1, $2, $3, $4, $5)
      RETURNING id, owner_id, request, state, progress, created_at`,
    values: [
      id,
      'bench',
      'sora:video:any:sora2',
      JSON.stringify({ ...body, kind: 'video', workflow: 'generate', frames: 300, shots: [], references: [] }),
      id.repeat(2),
    ],
  });
  await queue.add('made', { id }, { removeOnComplete: { count: 200 }, removeOnFail: { count: 500 } });
  return videoOf(rows[0] as Row);
});
server.get<{ Params: { id: string } }>('/v1/videos/:id', async ({ params }, reply) => {
  const { rows } = await pool.query<Row>({
    name: 'select',
    text: 'SELECT id, owner_id, request, state, progress, created_at FROM bare_generation WHERE id = $1',
    values: [params.id],
  });
  return rows[0] ? videoOf(rows[0]) : reply.code(404).send({ error: 'not found' });
});
// As long as the gateway's answer.
server.get<{ Params: { id: string } }>('/v1/models/:id', async ({ params }) => ({
  ...{
    id: params.id,
    object: 'model',
    created: 1_758_000_000,
    owned_by: 'bench',
    kind: 'video',
    size: '1280x720',
    seconds: 10,
  },
  description: 'A model that makes videos of ten seconds from a text, or from a text and an image.',
}));

/** The keys of the gateway's answer, so that as much is written. */
function videoOf({ id, request, progress, state, created_at }: Row) {
  return {
    ...{
      id,
      object: 'video',
      model: request.model,
      status: state,
      progress,
      created_at: Math.floor(created_at.getTime() / 1000),
    },
    ...{ completed_at: null, expires_at: null, prompt: request.prompt, size: request.size, seconds: request.seconds },
    ...{
      remixed_from_video_id: null,
      error: null,
      state,
      stage: 'waiting',
      simulated: true,
      generation_id: id,
      url: null,
    },
    ...{ queue_position: 1, estimated_start_at: null, waiting_reason: 'the only account is busy' },
  };
}

await server.listen({ host: '127.0.0.1', port: 0 });
const address = server.server.address();
process.send?.({ type: 'ready', port: typeof address === 'object' ? address?.port : undefined });
