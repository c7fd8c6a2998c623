import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { Json, SubmitContext, Submitted } from '@reelay/contracts/provider';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { createSentinelToken } from '../sentinel/sentinel-token.js';
import { referencesOf } from './check-request.js';
import { createCall } from './create-call.js';
import type { CreateInputs } from './video-bodies.js';

/** A success without an id is no success: the task may exist, so the outcome counts as unknown. */
const createdSchema = z.object({ id: z.string().min(1) });
const preparedSchema = z.object({ mediaId: z.string() }).nullable();
const carriedSchema = z.object({ username: z.string().optional(), postId: z.string().optional() }).nullable();

/** Proof first, so that nothing slow stands between `beforeSend` and the one request that costs money. @throws UpstreamError */
export async function submitTask(
  request: GenerationRequest,
  prepared: Json,
  context: SubmitContext,
): Promise<Submitted> {
  const { type, path, headers, body, about } = createCall(request, inputsOf(request, prepared, context.carried));
  const sentinelToken = await createSentinelToken(context);
  const { id } = await callJson(
    context,
    { kind: 'submit', name: `POST ${path}`, ...(about && { about }) },
    {
      method: 'POST',
      url: `${context.target.urls.backend}/${path}`,
      headers: headers(context, sentinelToken),
      body: JSON.stringify(body),
      timeoutMs: context.submitTimeoutMs,
      beforeSend: context.beforeSend,
    },
    createdSchema,
  );
  return { operation: { id, data: { type } } };
}

/** What the upload of this step and the step before gave. Nothing that was asked for may be missing without a word. */
function inputsOf(request: GenerationRequest, prepared: Json, carried: Json): CreateInputs {
  const inputs: CreateInputs = { ...preparedSchema.parse(prepared), ...carriedSchema.parse(carried) };
  if (referencesOf(request, 'image').length > 0 && inputs.mediaId === undefined) {
    throw new Error('The image of this request was not uploaded: prepare the step before it is submitted.');
  }
  if (request.workflow === 'character_video' && inputs.username === undefined) {
    throw new Error('The character of this request has no name: its step has to end before the video begins.');
  }
  return inputs;
}
