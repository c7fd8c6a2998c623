import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { requireAccount } from '../http/authenticate.js';
import { strictBody } from '../http/strict-body.js';
import { acceptTask } from '../tasks/accept-task.js';
import { admitSubmit } from '../tasks/admit-submit.js';
import { checkUploads } from '../tasks/check-references.js';
import { listTime } from '../tasks/list-time.js';
import type { World } from '../world.js';
import { imageSchema, planImage } from './image-body.js';
import { recentTaskView } from './recent-task-view.js';

const DEFAULT_PAGE = 20;
const LARGEST_PAGE = 100;

const recentQuerySchema = z.object({ limit: z.coerce.number().int().min(1).default(DEFAULT_PAGE) });

/** Images, which every account may make: they are older than Sora 2, and so are their addresses. */
export function registerImageRoutes(server: FastifyInstance, world: World): void {
  const { accounts, tasks } = world;

  server.post('/backend/video_gen', { config: { endpoint: 'video_gen' } }, (request) => {
    const account = requireAccount(request, accounts);
    const submitter = admitSubmit(request, world, account);
    const plan = planImage(strictBody(imageSchema, request.body));
    checkUploads(world, account, plan.uploads, 'inpaint_items.0.upload_media_id');
    const { task, orders } = acceptTask(world, { account, plan, submitter });
    request.replyFate = orders.reply;
    return { id: task.id };
  });

  server.get('/backend/v2/recent_tasks', { config: { endpoint: 'recent_tasks' } }, (request) => {
    const account = requireAccount(request, accounts);
    const { limit } = strictBody(recentQuerySchema, request.query);
    const at = listTime(world, 'recent_tasks', account);
    const links = {
      base: `${request.protocol}://${request.host}`,
      now: world.now(),
      ttlMs: world.speed.mediaLinkTtlMs,
    };
    const listed = tasks.recentImages(account.email, at, Math.min(limit, LARGEST_PAGE));
    return { task_responses: listed.map((task) => recentTaskView(task, at, links)) };
  });
}
