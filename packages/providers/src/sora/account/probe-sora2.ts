import type { AccountContext, UpstreamRequest } from '@reelay/contracts/provider';
import { isUpstreamError } from '@reelay/contracts/upstream-error';
import { classifyAnswer } from '../calls/classify-failure.js';
import { appAccountHeaders } from '../calls/headers.js';
import type { UpstreamStep } from '../calls/upstream-step.js';
import { askActivated, isInactive } from './ask-activated.js';

const inviteStep: UpstreamStep = { kind: 'call', name: 'GET project_y/invite/mine' };

/**
 * Whether the account has Sora 2; null when that could not be found out just now. Who has, has invitations to give away, and who was
 * never there is let in by the asking. @throws UpstreamError for a dead credential or an unsupported country
 */
export async function probeSora2(context: AccountContext): Promise<boolean | null> {
  const url = `${context.target.urls.backend}/project_y/invite/mine`;
  const request: UpstreamRequest = { method: 'GET', url, headers: appAccountHeaders(context) };
  try {
    const response = await askActivated(context, inviteStep, request);
    if (response.status === 200) return true;
    if (isInactive(response, context)) return false;
    throw classifyAnswer(inviteStep, response, context.now());
  } catch (error) {
    if (!isUpstreamError(error)) throw error;
    if (error.tokenEffect.effect === 'credential_rejected' || error.code === 'country_not_supported') throw error;
    return error.submitClass === 'refused' && error.code === 'upstream_refused' ? false : null;
  }
}
