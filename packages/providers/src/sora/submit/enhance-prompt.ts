import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { SubmitContext, Submitted } from '@reelay/contracts/provider';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { appHeaders } from '../calls/headers.js';
import type { OperationData } from '../operation-data.js';
import { parseBody, refusal } from './refuse-request.js';

/** Source: sora-web.md 1.3.4. */
const enhanceSchema = z.strictObject({
  prompt: z.string().min(1),
  expansion_level: z.enum(['short', 'medium', 'long']),
  duration_s: z.literal([10, 15, 20]),
});
const enhancedSchema = z.object({ enhanced_prompt: z.string().nullish() });

export function enhanceBody(request: GenerationRequest) {
  return parseBody(request, enhanceSchema, {
    prompt: request.prompt,
    expansion_level: request.enhance?.level,
    duration_s: request.enhance?.seconds,
  });
}

/** The answer is the result; it travels in the operation until a poll hands it out. @throws UpstreamError */
export async function enhancePrompt(request: GenerationRequest, context: SubmitContext): Promise<Submitted> {
  const { enhanced_prompt: enhanced } = await callJson(
    context,
    { kind: 'submit', name: 'POST editor/enhance_prompt' },
    {
      method: 'POST',
      url: `${context.target.urls.backend}/editor/enhance_prompt`,
      headers: appHeaders(context),
      body: JSON.stringify(enhanceBody(request)),
      timeoutMs: context.submitTimeoutMs,
      beforeSend: context.beforeSend,
    },
    enhancedSchema,
  );
  const text = enhanced ?? '';
  // Asked again it would say the same.
  if (text.trim() === '')
    throw refusal('upstream_failed', 'The upstream made nothing of this prompt. Change it and send it again.');
  const data: OperationData = { type: 'text', text };
  return { operation: { id: `text:${context.uuid()}`, data } };
}
