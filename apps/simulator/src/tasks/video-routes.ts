import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Account } from '../accounts/account.js';
import type { Endpoint } from '../faults/fault.js';
import { requireSora2 } from '../http/authenticate.js';
import { strictBody } from '../http/strict-body.js';
import { UpstreamError } from '../http/upstream-error.js';
import type { World } from '../world.js';
import { createVideo } from './create-video.js';
import { decodeCursor, draftView, encodeCursor, pendingView } from './draft-view.js';
import { plainVideoSchema } from './plain-video.js';
import { draftPosition } from './task-book.js';

const DEFAULT_PAGE = 15;
const LARGEST_PAGE = 100;

const draftsQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).default(DEFAULT_PAGE),
  cursor: z.string().optional(),
});

/** Making videos and watching them become drafts. */
export function registerVideoRoutes(server: FastifyInstance, world: World): void {
  const { accounts, sentinel, tasks } = world;

  server.post('/backend/nf/create', { config: { endpoint: 'create' } }, (request) => {
    const account = requireSora2(request, accounts);
    const sentinelId = sentinel.redeem(header(request, 'openai-sentinel-token'), account.email);
    const body = strictBody(plainVideoSchema, request.body);
    const { task, orders } = createVideo(world, {
      account,
      body,
      origin: 'client',
      sentinelId,
      source: request.ip,
      userAgent: header(request, 'user-agent') ?? '',
    });
    request.replyFate = orders.reply;
    return { id: task.id };
  });

  server.get('/backend/nf/pending/v2', { config: { endpoint: 'pending' } }, (request) => {
    const account = requireSora2(request, accounts);
    const now = listTime(world, 'pending', account);
    return tasks.pending(account.email, now).map((task) => pendingView(task, now));
  });

  server.get('/backend/project_y/profile/drafts', { config: { endpoint: 'drafts' } }, (request) => {
    const account = requireSora2(request, accounts);
    const { limit, cursor } = strictBody(draftsQuerySchema, request.query);
    const position = cursor === undefined ? undefined : (decodeCursor(cursor) ?? refuseCursor());
    const now = listTime(world, 'drafts', account);
    const { page, hasMore } = tasks.drafts(account.email, now, Math.min(limit, LARGEST_PAGE), position);
    const base = `${request.protocol}://${request.host}`;
    const last = page.at(-1);
    return {
      items: page.map((task) => draftView(task, base, world.now(), world.speed.mediaLinkTtlMs)),
      cursor: hasMore && last ? encodeCursor(draftPosition(last)) : null,
    };
  });
}

/** A list may lag behind: then it shows what was true a while ago. */
function listTime(world: World, endpoint: Endpoint, account: Account): number {
  return world.now() - (world.faults.take('list', endpoint, account.email)?.lagMs ?? 0);
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function refuseCursor(): never {
  throw new UpstreamError(400, 'invalid_value', 'Invalid value for "cursor": not a cursor of this list', 'cursor');
}
