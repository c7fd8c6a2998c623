import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type {
  AccountContext,
  AccountInspection,
  CallContext,
  Json,
  ListQuery,
  LitterNote,
  MediaSource,
  Operation,
  PollResult,
  Provider,
  RefreshedCredential,
  RefreshSecrets,
  StepContext,
  StepPlan,
  SubmitContext,
  Submitted,
  UpstreamListing,
} from '@reelay/contracts/provider';
import { soraDeclaration } from '@reelay/contracts/provider-declarations';
import { acceptInvite } from './account/accept-invite.js';
import { readAccessToken } from './account/access-token.js';
import { inspectAccount } from './account/inspect-account.js';
import { refreshCredential } from './account/refresh-credential.js';
import { lookUpCharacter } from './characters/finalize-character.js';
import { cleanUp } from './clean-up.js';
import { planStep, stepOf } from './plan-steps.js';
import { prepareStep } from './prepare-step.js';
import { submitStep } from './submit-step.js';
import { findMedia } from './tasks/find-media.js';
import { listTasks } from './tasks/list-tasks.js';
import { pollTasks } from './tasks/poll-tasks.js';

/** The Sora web backend. Stateless: one instance serves all tokens of a process. */
export class SoraProvider implements Provider {
  readonly declaration = soraDeclaration;

  plan(request: GenerationRequest, step: number): StepPlan {
    return planStep(request, step);
  }

  prepare(request: GenerationRequest, context: StepContext): Promise<Json> {
    return prepareStep(request, context);
  }

  submit(request: GenerationRequest, prepared: Json, context: SubmitContext): Promise<Submitted> {
    return submitStep(request, prepared, context);
  }

  async lookUp(request: GenerationRequest, prepared: Json, context: StepContext): Promise<Submitted | undefined> {
    return stepOf(request, context.step) === 'finalize' ? lookUpCharacter(request, prepared, context) : undefined;
  }

  poll(operations: readonly Operation[], context: CallContext): Promise<PollResult> {
    return pollTasks(operations, context);
  }

  list(query: ListQuery, context: CallContext): Promise<UpstreamListing> {
    return listTasks(query, context);
  }

  media(operation: Operation, context: CallContext): Promise<MediaSource[]> {
    return findMedia(operation, context);
  }

  cleanUp(litter: LitterNote, context: CallContext): Promise<void> {
    return cleanUp(litter, context);
  }

  identify(accessToken: string): { identity: string | null; issuedAt: number | null; expiresAt: number | null } {
    const { email, issuedAt, expiresAt } = readAccessToken(accessToken);
    return { identity: email?.toLowerCase() ?? null, issuedAt, expiresAt };
  }

  inspect(context: AccountContext): Promise<AccountInspection> {
    return inspectAccount(context);
  }

  acceptInvite(inviteCode: string, context: AccountContext): Promise<{ alreadyAccepted: boolean }> {
    return acceptInvite(inviteCode, context);
  }

  refresh(secrets: RefreshSecrets, context: AccountContext): Promise<RefreshedCredential> {
    return refreshCredential(secrets, context);
  }
}
