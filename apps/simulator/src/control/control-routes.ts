import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { strictBody } from '../http/strict-body.js';
import { UpstreamError } from '../http/upstream-error.js';
import { createVideo } from '../tasks/create-video.js';
import { plainVideoSchema } from '../tasks/plain-video.js';
import { speedSchema } from '../tasks/speed.js';
import type { World } from '../world.js';
import { registerAccountControlRoutes } from './account-control-routes.js';
import { registerFaultControlRoutes } from './fault-control-routes.js';
import { registerLedgerControlRoutes } from './ledger-control-routes.js';

const personTaskSchema = z.strictObject({ account: z.string(), prompt: z.string().default('made by a person') });

/** `/_sim/`: what tests and people turn and read. The upstream has nothing like it. */
export function registerControlRoutes(server: FastifyInstance, world: World): void {
  const startedAt = world.now();
  registerAccountControlRoutes(server, world);
  registerFaultControlRoutes(server, world);
  registerLedgerControlRoutes(server, world);

  server.get('/_sim/health', () => {
    return { status: 'ok', upSeconds: Math.round((world.now() - startedAt) / 1000), accepted: world.tasks.accepted };
  });

  server.get('/_sim/speed', () => world.speed);
  server.post('/_sim/speed', (request) => {
    world.speed = { ...world.speed, ...strictBody(speedSchema.partial(), request.body) };
    return world.speed;
  });

  /** A task that the account's owner made in the app: it stands in the lists, and no client knows of it. */
  server.post('/_sim/tasks', (request, reply) => {
    const { account: email, prompt } = strictBody(personTaskSchema, request.body);
    const account = world.accounts.find(email);
    if (!account) throw new UpstreamError(404, 'no_such_account', `There is no account "${email}".`);
    const body = strictBody(plainVideoSchema, { ...ordinaryVideo, prompt });
    const from = { origin: 'person', sentinelId: null, source: request.ip, userAgent: 'person' } as const;
    const { task } = createVideo(world, { account, body, ...from });
    reply.code(201);
    return { taskId: task.id, generationId: task.generationId };
  });

  server.post('/_sim/reset', () => {
    world.reset();
    return { status: 'ok' };
  });
}

const ordinaryVideo = {
  kind: 'video',
  orientation: 'landscape',
  size: 'small',
  n_frames: 300,
  model: 'sy_8',
  inpaint_items: [],
  style_id: null,
} as const;
