import type { AccountContext, UpstreamRequest, UpstreamResponse } from '@reelay/contracts/provider';
import type { z } from 'zod';
import { classifyAnswer, classifyFailure } from './classify-failure.js';
import { parseJson } from './parse-json.js';
import type { UpstreamStep } from './upstream-step.js';

/** One call of the upstream whose answer must be JSON of a known shape. @throws UpstreamError, for everything else */
export async function callJson<Schema extends z.ZodType>(
  context: Pick<AccountContext, 'fetch' | 'now'>,
  step: UpstreamStep,
  request: UpstreamRequest,
  schema: Schema,
): Promise<z.output<Schema>> {
  const response = await call(context, step, request);
  const parsed = schema.safeParse(parseJson(response.text));
  if (!parsed.success) throw classifyAnswer(step, response, context.now());
  return parsed.data;
}

/** One call whose answer's body does not matter. @throws UpstreamError, unless it is answered 200 or 201 */
export async function call(
  context: Pick<AccountContext, 'fetch' | 'now'>,
  step: UpstreamStep,
  request: UpstreamRequest,
): Promise<UpstreamResponse> {
  const response = await send(context, step, request);
  if (response.status !== 200 && response.status !== 201) throw classifyAnswer(step, response, context.now());
  return response;
}

/** One call with any answer. @throws UpstreamError when there is none */
export async function send(
  context: Pick<AccountContext, 'fetch'>,
  step: UpstreamStep,
  request: UpstreamRequest,
): Promise<UpstreamResponse> {
  try {
    return await context.fetch(request);
  } catch (cause) {
    throw classifyFailure(step, cause);
  }
}
