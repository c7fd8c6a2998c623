import type { AccountContext, UpstreamRequest } from '@reelay/contracts/provider';
import { UpstreamError } from '@reelay/contracts/upstream-error';
import { z } from 'zod';
import { classifyAnswer } from '../calls/classify-failure.js';
import { inviteHeaders } from '../calls/headers.js';
import { parseJson } from '../calls/parse-json.js';
import type { UpstreamStep } from '../calls/upstream-step.js';
import { askActivated } from './ask-activated.js';

const step: UpstreamStep = { kind: 'offer', name: 'POST project_y/invite/accept' };
const acceptedSchema = z.object({ success: z.boolean().nullish(), already_accepted: z.boolean().nullish() });

/** Lets the account in with somebody's invitation; nothing is lost by doing it twice. @throws UpstreamError */
export async function acceptInvite(inviteCode: string, context: AccountContext): Promise<{ alreadyAccepted: boolean }> {
  const request: UpstreamRequest = {
    method: 'POST',
    url: `${context.target.urls.backend}/project_y/invite/accept`,
    headers: inviteHeaders(context),
    body: JSON.stringify({ invite_code: inviteCode }),
  };
  const response = await askActivated(context, step, request);
  const answer = response.status === 200 ? acceptedSchema.safeParse(parseJson(response.text)).data : undefined;
  if (!answer) throw classifyAnswer(step, response, context.now());
  if (answer.already_accepted) return { alreadyAccepted: true };
  if (answer.success) return { alreadyAccepted: false };
  throw new UpstreamError({
    code: 'upstream_refused',
    message: 'The upstream did not accept the invitation. Check the code, or use another one.',
    submitClass: 'refused',
    fault: 'client',
  });
}
