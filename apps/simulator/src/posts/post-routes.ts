import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { requireSora2 } from '../http/authenticate.js';
import { strictBody } from '../http/strict-body.js';
import { UpstreamError } from '../http/upstream-error.js';
import { postId } from '../identifiers.js';
import { admitSubmit } from '../tasks/admit-submit.js';
import { generationIdSchema } from '../tasks/body-parts.js';
import { requireDraft } from '../tasks/check-references.js';
import type { World } from '../world.js';
import type { Post } from './post.js';

const attachmentSchema = z.strictObject({ generation_id: generationIdSchema, kind: z.literal('sora') });
const postSchema = z.strictObject({
  attachments_to_create: z.tuple([attachmentSchema]),
  post_text: z.string().max(2_000),
});

interface PostRequest {
  Params: { id: string };
}

/** Showing a draft to everyone, which gives it the share id that remixes need, and taking it back. */
export function registerPostRoutes(server: FastifyInstance, world: World): void {
  const { accounts, posts, now } = world;

  server.post('/backend/project_y/post', { config: { endpoint: 'post' } }, (request) => {
    const account = requireSora2(request, accounts);
    const submitter = admitSubmit(request, world, account);
    const body = strictBody(postSchema, request.body);
    const draft = requireDraft(world, account, body.attachments_to_create[0].generation_id);
    const post = posts.put({
      ...submitter,
      id: postId(now(), world.source.bytes('post')),
      account: account.email,
      createdAt: now(),
      generationId: draft.generationId,
      text: body.post_text,
      body,
      deletedAt: null,
    });
    return postView(post);
  });

  /** Whoever is signed in may look: that is what posting is for. */
  server.get<PostRequest>('/backend/project_y/post/:id', (request) => {
    requireSora2(request, accounts);
    return postView(requirePost(request.params.id));
  });

  server.delete<PostRequest>(
    '/backend/project_y/post/:id',
    { config: { endpoint: 'post_delete' } },
    (request, reply) => {
      const account = requireSora2(request, accounts);
      posts.put({ ...requirePost(request.params.id, account.email), deletedAt: now() });
      return reply.code(204).send();
    },
  );

  function requirePost(id: string, owner?: string): Post {
    const post = posts.find(id);
    const isThere = post && post.deletedAt === null && (owner === undefined || post.account === owner);
    if (isThere) return post;
    throw new UpstreamError(404, 'not_found', `Post ${id} was not found.`, 'post_id');
  }
}

function postView({ id, text, createdAt, generationId }: Post): object {
  const attachments = [{ generation_id: generationId, kind: 'sora' }];
  return {
    post: { id, text, posted_at: createdAt / 1000, permalink: `https://sora.chatgpt.com/p/${id}`, attachments },
  };
}
