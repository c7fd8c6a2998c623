import type { AccountContext, UpstreamRequest } from '@reelay/contracts/provider';
import { isUpstreamError } from '@reelay/contracts/upstream-error';
import { z } from 'zod';
import { classifyAnswer } from '../calls/classify-failure.js';
import { jsonHeaders } from '../calls/headers.js';
import { parseJson } from '../calls/parse-json.js';
import type { UpstreamStep } from '../calls/upstream-step.js';
import { askActivated, isInactive } from './ask-activated.js';

const inviteStep: UpstreamStep = { kind: 'call', name: 'GET project_y/invite/mine' };
/** Nothing in it matters but that it is one. */
const invitationSchema = z.object({});

/**
 * Whether the account has Sora 2; null when that could not be found out just now. Who has, has invitations to give away, and who was
 * never there is let in by the asking. @throws UpstreamError for a dead credential or an unsupported country
 */
export async function probeSora2(context: AccountContext): Promise<boolean | null> {
  const url = `${context.target.urls.backend}/project_y/invite/mine`;
  const request: UpstreamRequest = { method: 'GET', url, headers: jsonHeaders(context) };
  try {
    const response = await askActivated(context, inviteStep, request);
    // A page that somebody in between answers with is no invitation.
    if (response.status === 200 && invitationSchema.safeParse(parseJson(response.text)).success) return true;
    if (isInactive(response, context)) return false;
    throw classifyAnswer(inviteStep, response, context.now());
  } catch (error) {
    if (!isUpstreamError(error)) throw error;
    if (error.tokenEffect.effect === 'credential_rejected' || error.code === 'country_not_supported') throw error;
    return error.submitClass === 'refused' && error.code === 'upstream_refused' ? false : null;
  }
}
