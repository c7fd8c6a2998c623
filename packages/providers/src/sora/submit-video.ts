import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { Operation, SubmitContext } from '@reelay/contracts/provider';
import { z } from 'zod';
import { callJson } from './call-json.js';
import { createBody } from './create-body.js';
import { createHeaders } from './headers.js';
import { createSentinelToken } from './sentinel/sentinel-token.js';

/** A success without an id is no success: the task may exist, so the outcome counts as unknown. */
const createdSchema = z.object({ id: z.string().min(1) });

/** Proof first, so that nothing slow stands between `beforeSend` and the one request that costs money. @throws UpstreamError */
export async function submitVideo(request: GenerationRequest, context: SubmitContext): Promise<Operation> {
  const body = JSON.stringify(createBody(request));
  const sentinelToken = await createSentinelToken(context);
  const { id } = await callJson(
    context,
    { kind: 'submit', name: 'POST nf/create' },
    {
      method: 'POST',
      url: `${context.target.urls.backend}/nf/create`,
      headers: createHeaders(context, sentinelToken),
      body,
      timeoutMs: context.submitTimeoutMs,
      beforeSend: context.beforeSend,
    },
    createdSchema,
  );
  return { id };
}
