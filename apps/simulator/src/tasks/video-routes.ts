import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Account } from '../accounts/account.js';
import { requireSora2 } from '../http/authenticate.js';
import { strictBody } from '../http/strict-body.js';
import { UpstreamError } from '../http/upstream-error.js';
import type { World } from '../world.js';
import { admitSubmit } from './admit-submit.js';
import { requireDraft } from './check-references.js';
import { submitVideo } from './create-video.js';
import { decodeCursor, draftView, encodeCursor, pendingView } from './draft-view.js';
import { extensionSchema, planExtension } from './extension.js';
import { listTime } from './list-time.js';
import { plainVideoSchema, planPlainVideo } from './plain-video.js';
import { planRemix, remixSchema } from './remix.js';
import { planStoryboard, storyboardSchema } from './storyboard.js';
import type { TaskPlan } from './task.js';
import { draftPosition } from './task-book.js';

const DEFAULT_PAGE = 15;
const LARGEST_PAGE = 100;

const draftsQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).default(DEFAULT_PAGE),
  cursor: z.string().optional(),
});

/** Making videos and watching them become drafts. */
export function registerVideoRoutes(server: FastifyInstance, world: World): void {
  const { accounts, tasks } = world;

  const submit = (request: FastifyRequest, planFor: (account: Account) => TaskPlan) => {
    const account = requireSora2(request, accounts);
    const submitter = admitSubmit(request, world, account);
    const { task, orders } = submitVideo(world, account, planFor(account), submitter);
    request.replyFate = orders.reply;
    return { id: task.id };
  };

  server.post('/backend/nf/create', { config: { endpoint: 'create' } }, (request) => {
    const { body } = request;
    return submit(request, () => {
      if (isRemix(body)) return planRemix(strictBody(remixSchema, body));
      return planPlainVideo(strictBody(plainVideoSchema, body));
    });
  });

  server.post('/backend/nf/create/storyboard', { config: { endpoint: 'storyboard' } }, (request) => {
    return submit(request, () => planStoryboard(strictBody(storyboardSchema, request.body)));
  });

  server.post<{ Params: { generation: string } }>(
    '/backend/project_y/profile/drafts/:generation/long_video_extension',
    { config: { endpoint: 'extension' } },
    (request) => {
      return submit(request, (account) => {
        const body = strictBody(extensionSchema, request.body);
        return planExtension(requireDraft(world, account, request.params.generation), body);
      });
    },
  );

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

/** Both come in by one address; only a remix names what it remixes. */
function isRemix(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, 'remix_target_id');
}

function refuseCursor(): never {
  throw new UpstreamError(400, 'invalid_value', 'Invalid value for "cursor": not a cursor of this list', 'cursor');
}
