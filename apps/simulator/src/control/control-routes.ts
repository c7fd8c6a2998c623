import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { faultRuleSchema } from '../faults/fault.js';
import type { ActiveFault } from '../faults/fault-board.js';
import { strictBody } from '../http/strict-body.js';
import { UpstreamError } from '../http/upstream-error.js';
import { concurrencySteps } from '../ledger/concurrency.js';
import { ledgerView } from '../ledger/ledger-view.js';
import { createVideo } from '../tasks/create-video.js';
import { plainVideoSchema } from '../tasks/plain-video.js';
import { speedSchema } from '../tasks/speed.js';
import type { World } from '../world.js';
import { registerAccountControlRoutes } from './account-control-routes.js';

const ledgerQuerySchema = z.strictObject({ account: z.string().optional(), since: z.coerce.number().optional() });
const personTaskSchema = z.strictObject({ account: z.string(), prompt: z.string().default('made by a person') });

/** `/_sim/`: what tests and people turn and read. The upstream has nothing like it. */
export function registerControlRoutes(server: FastifyInstance, world: World): void {
  const startedAt = world.now();
  registerAccountControlRoutes(server, world);
  registerFaultControlRoutes(server, world);

  server.get('/_sim/health', () => {
    return { status: 'ok', upSeconds: Math.round((world.now() - startedAt) / 1000), accepted: world.tasks.accepted };
  });

  server.get('/_sim/ledger', (request) => ledgerView(world, strictBody(ledgerQuerySchema, request.query)));

  server.get('/_sim/concurrency', (request) => {
    const { account, since = 0 } = strictBody(ledgerQuerySchema, request.query);
    const tasks = world.tasks.ledger.filter((task) => account === undefined || task.account === account);
    return { steps: concurrencySteps(tasks).filter(({ at }) => at >= since) };
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

function registerFaultControlRoutes(server: FastifyInstance, { faults }: World): void {
  server.get('/_sim/faults', () => faults.all().map(faultView));
  server.post('/_sim/faults', (request, reply) => {
    const rules = strictBody(z.union([z.array(faultRuleSchema), faultRuleSchema]), request.body);
    const added = [rules].flat().map((rule) => faultView(faults.add(rule)));
    reply.code(201);
    return Array.isArray(rules) ? added : added[0];
  });
  server.delete('/_sim/faults', () => ({ removed: faults.remove() }));
  server.delete<{ Params: { id: string } }>('/_sim/faults/:id', (request) => ({
    removed: faults.remove(request.params.id),
  }));
}

function faultView({ id, rule, left, struck }: ActiveFault): object {
  return { id, ...rule, left, struck };
}
