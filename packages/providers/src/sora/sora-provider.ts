import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type {
  AccountContext,
  AccountInspection,
  CallContext,
  Json,
  MediaSource,
  Operation,
  PollOutcome,
  Provider,
  RefreshedCredential,
  RefreshSecrets,
  SubmitContext,
  UpstreamListing,
} from '@reelay/contracts/provider';
import { soraDeclaration } from '@reelay/contracts/provider-declarations';
import { UpstreamError } from '@reelay/contracts/upstream-error';
import { readAccessToken } from './access-token.js';
import { createBody } from './create-body.js';
import { findMedia } from './find-media.js';
import { inspectAccount } from './inspect-account.js';
import { listTasks } from './list-tasks.js';
import { pollTasks } from './poll-tasks.js';
import { refreshCredential } from './refresh-credential.js';
import { submitVideo } from './submit-video.js';

/** The Sora web backend, text to video. Stateless: one instance serves all tokens of a process. */
export class SoraProvider implements Provider {
  readonly declaration = soraDeclaration;

  /** A text needs no upload; what the upstream cannot make is refused here already, before any proof is worked out. */
  async prepare(request: GenerationRequest, _context: CallContext): Promise<Json> {
    createBody(request);
    return null;
  }

  submit(request: GenerationRequest, _prepared: Json, context: SubmitContext): Promise<Operation> {
    return submitVideo(request, context);
  }

  poll(operations: readonly Operation[], context: CallContext): Promise<ReadonlyMap<string, PollOutcome>> {
    return pollTasks(operations, context);
  }

  list(until: ReadonlySet<string> | undefined, context: CallContext): Promise<UpstreamListing> {
    return listTasks(until, context);
  }

  media(operation: Operation, context: CallContext): Promise<MediaSource[]> {
    return findMedia(operation, context);
  }

  /** A video made from text leaves nothing behind that would have to be removed. */
  async cleanUp(litter: { kind: string; reference: Json }, _context: CallContext): Promise<void> {
    throw new UpstreamError({
      code: 'internal_error',
      message: `The Sora provider does not know how to remove "${litter.kind}". Update Reelay to the release that wrote it.`,
      submitClass: 'refused',
      fault: 'upstream',
    });
  }

  identify(accessToken: string): { identity: string | null; expiresAt: number | null } {
    const { email, expiresAt } = readAccessToken(accessToken);
    return { identity: email?.toLowerCase() ?? null, expiresAt };
  }

  inspect(context: AccountContext): Promise<AccountInspection> {
    return inspectAccount(context);
  }

  refresh(secrets: RefreshSecrets, context: AccountContext): Promise<RefreshedCredential> {
    return refreshCredential(secrets, context);
  }
}
