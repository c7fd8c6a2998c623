import type { AccountContext, UpstreamRequest, UpstreamResponse } from '@reelay/contracts/provider';
import { call, send } from '../calls/call-json.js';
import { readFailedAnswer } from '../calls/failed-answer.js';
import { deadTokenCodes } from '../calls/failure-words.js';
import { jsonHeaders } from '../calls/headers.js';
import type { UpstreamStep } from '../calls/upstream-step.js';

const bootstrapStep: UpstreamStep = { kind: 'call', name: 'GET m/bootstrap' };

/**
 * Asks; an account that was never opened in the app says 401 `Unauthorized`, is opened once and asked again.
 * Source: sora-web.md 1.3.1. @throws UpstreamError when there is no answer, or the account cannot be opened
 */
export async function askActivated(
  context: AccountContext,
  step: UpstreamStep,
  request: UpstreamRequest,
): Promise<UpstreamResponse> {
  const response = await send(context, step, request);
  if (!isInactive(response, context)) return response;
  const url = `${context.target.urls.backend}/m/bootstrap`;
  await call(context, bootstrapStep, { method: 'GET', url, headers: jsonHeaders(context) });
  return send(context, step, request);
}

/** Unlike a dead credential, which is answered 401 as well. */
export function isInactive(response: UpstreamResponse, { now }: Pick<AccountContext, 'now'>): boolean {
  if (response.status !== 401) return false;
  const { code, message } = readFailedAnswer(response, now());
  return !deadTokenCodes.includes(code ?? '') && message.includes('Unauthorized');
}
