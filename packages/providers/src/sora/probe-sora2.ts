import type { AccountContext, UpstreamRequest } from '@reelay/contracts/provider';
import { isUpstreamError } from '@reelay/contracts/upstream-error';
import { call, send } from './call-json.js';
import { classifyAnswer, type UpstreamStep } from './classify-failure.js';
import { readFailedAnswer } from './failed-answer.js';
import { appAccountHeaders } from './headers.js';

const inviteStep: UpstreamStep = { kind: 'call', name: 'GET project_y/invite/mine' };
const bootstrapStep: UpstreamStep = { kind: 'call', name: 'GET m/bootstrap' };

/**
 * Whether the account has Sora 2; null when that could not be found out just now. An account that was never opened in the app is
 * opened once and asked again. Source: sora-web.md 1.3.1. @throws UpstreamError for a dead credential or an unsupported country
 */
export async function probeSora2(context: AccountContext): Promise<boolean | null> {
  try {
    if (await isInvited(context)) return true;
    await call(context, bootstrapStep, get(context, 'm/bootstrap'));
    return await isInvited(context);
  } catch (error) {
    if (!isUpstreamError(error)) throw error;
    if (error.tokenEffect.effect === 'credential_rejected' || error.code === 'country_not_supported') throw error;
    return error.submitClass === 'refused' && error.code === 'upstream_refused' ? false : null;
  }
}

/** False for an account that waits to be activated; every other refusal is thrown. */
async function isInvited(context: AccountContext): Promise<boolean> {
  const response = await send(context, inviteStep, get(context, 'project_y/invite/mine'));
  if (response.status === 200) return true;
  const { status, code, message } = readFailedAnswer(response, context.now());
  const isDead = code === 'token_invalidated' || code === 'token_expired';
  if (status === 401 && !isDead && message.includes('Unauthorized')) return false;
  throw classifyAnswer(inviteStep, response, context.now());
}

function get(context: AccountContext, path: string): UpstreamRequest {
  return { method: 'GET', url: `${context.target.urls.backend}/${path}`, headers: appAccountHeaders(context) };
}
