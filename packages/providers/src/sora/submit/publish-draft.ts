import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { SubmitContext, Submitted } from '@reelay/contracts/provider';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { provenHeaders } from '../calls/headers.js';
import type { OperationData } from '../operation-data.js';
import { createSentinelToken } from '../sentinel/sentinel-token.js';
import { draftIdOf } from './video-bodies.js';

const postedSchema = z.object({ post: z.object({ id: z.string().min(1) }) });

/** Shows a draft to everybody, for only what everybody can see can be remixed. Removed when the remix has ended. @throws UpstreamError */
export async function publishDraft(request: GenerationRequest, context: SubmitContext): Promise<Submitted> {
  const body = { attachments_to_create: [{ generation_id: draftIdOf(request), kind: 'sora' }], post_text: '' };
  const sentinelToken = await createSentinelToken(context);
  const { post } = await callJson(
    context,
    { kind: 'submit', name: 'POST project_y/post', about: 'parent' },
    {
      method: 'POST',
      url: `${context.target.urls.backend}/project_y/post`,
      headers: provenHeaders(context, sentinelToken),
      body: JSON.stringify(body),
      timeoutMs: context.submitTimeoutMs,
      beforeSend: context.beforeSend,
    },
    postedSchema,
  );
  const data: OperationData = { type: 'post', postId: post.id };
  return { operation: { id: `post:${post.id}`, data }, litter: [{ kind: 'post', reference: { postId: post.id } }] };
}
