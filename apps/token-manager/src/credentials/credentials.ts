/** Hands out access tokens, and sees to it that one which is refused or has expired is replaced once, whoever asks. */
import { setTimeout as delay } from 'node:timers/promises';
import { slotKinds } from '@reelay/contracts/domain';
import { AppError } from '@reelay/contracts/errors';
import type { CredentialRequest, CredentialView } from '@reelay/contracts/tokens';
import { applyTokenEvent } from '@reelay/db/tokens/apply-token-event';
import { findCredential, type SealedCredential } from '@reelay/db/tokens/find-credential';
import { refreshCredential } from './refresh-credential.js';
import type { RefreshOutcome, RefreshParts } from './refresh-outcome.js';

/** A token this close to its end is replaced ahead of it, so that it does not end on the way; until then it is still good. */
const expiryMarginMs = 30_000;
/** How long a request waits for a refresh that another replica does. */
const heldMs = 12_000;
const heldPauseMs = 200;
const uselessRefresh =
  'The upstream gave a new access token that had expired already. If this stays, add the account again with a new credential.';

export interface CredentialOptions {
  /** Told when an account's state or credential changed. */
  readonly onChange: () => void;
}

export class Credentials {
  readonly #parts: RefreshParts;
  readonly #options: CredentialOptions;
  /** Of this process, by token and version: whoever comes second waits for the first. */
  readonly #refreshing = new Map<string, Promise<RefreshOutcome>>();

  constructor(parts: RefreshParts, options: CredentialOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** @throws AppError `not_found`, `credential_unavailable` */
  async get(tokenId: string, { staleVersion, attemptId }: CredentialRequest = {}): Promise<CredentialView> {
    const giveUpAt = performance.now() + heldMs;
    let isRefreshed = false;
    for (;;) {
      const credential = await findCredential(this.#parts.database, tokenId, attemptId);
      if (!credential)
        throw new AppError('not_found', 'There is no such account, or it was deleted and its work is over.');
      const isUsable = !credential.isExpired && credential.version !== staleVersion;
      if (isUsable && (isRefreshed || !endsSoon(credential))) return this.#toView(credential);
      if (!isUsable) refuseOutOfService(credential);
      // Once is enough: an upstream that gives out what has expired would be asked for ever.
      if (isRefreshed) return this.#fail(credential, { outcome: 'failed', reason: uselessRefresh });
      const result = await this.#refreshOnce(credential);
      isRefreshed = result.outcome === 'refreshed';
      if (isRefreshed) continue; // the next round is the last one
      if (isUsable) return this.#toView(credential);
      if ('reason' in result) return this.#fail(credential, result);
      if (performance.now() > giveUpAt) throw unavailable('The credential is being refreshed; ask again in a moment.');
      await delay(heldPauseMs);
    }
  }

  /** Resolves when no refresh runs any more: one that was cut off may have cost its refresh token. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#refreshing.values());
  }

  #refreshOnce({ id, version }: SealedCredential): Promise<RefreshOutcome> {
    const key = `${id}:${version}`;
    const known = this.#refreshing.get(key);
    if (known) return known;
    const refreshing = refreshCredential(this.#parts, { id, version })
      .then((result) => {
        if (result.outcome === 'refreshed') this.#options.onChange();
        return result;
      })
      .finally(() => this.#refreshing.delete(key));
    this.#refreshing.set(key, refreshing);
    return refreshing;
  }

  async #fail(
    { id, version }: SealedCredential,
    { outcome, reason }: Extract<RefreshOutcome, { reason: string }>,
  ): Promise<never> {
    const { database, log } = this.#parts;
    if (outcome === 'exhausted') {
      // Only of the credential that was found unusable; a person's own decision stands.
      const event = { type: 'credential_rejected', reason } as const;
      const applied = await applyTokenEvent(database, id, event, { credentialVersion: version });
      if (applied?.isChanged && applied.life.service.state === 'needs_attention')
        log.warn({ tokenId: id, reason }, 'account needs attention');
    } else {
      // It would take work and give it back again and again; others go first meanwhile.
      await applyTokenEvent(database, id, { type: 'held_off', slotKinds, reason });
      log.warn({ tokenId: id, reason }, 'credential not refreshed, the account rests');
    }
    this.#options.onChange();
    throw unavailable(reason);
  }

  #toView(credential: SealedCredential): CredentialView {
    const { vault } = this.#parts;
    const { id, version, expiresAt, target, accessTokenSealed, uploadProxySealed } = credential;
    return {
      accessToken: vault.open(id, 'access_token_sealed', accessTokenSealed),
      version,
      expiresAt: expiresAt?.getTime() ?? null,
      target,
      proxyUrl: vault.openProxy(id, credential) ?? null,
      uploadProxyUrl: uploadProxySealed === null ? null : vault.openSetting('proxy.upload', uploadProxySealed),
    };
  }
}

function endsSoon({ expiresAt }: SealedCredential): boolean {
  return expiresAt !== null && expiresAt.getTime() - expiryMarginMs <= Date.now();
}

/** A person was asked to look: until then the upstream is not asked again and again for what it refused. */
function refuseOutOfService({ state, stateReason }: SealedCredential): void {
  if (state === 'needs_attention') throw unavailable(stateReason ?? 'The account needs attention.');
}

function unavailable(message: string): AppError {
  return new AppError('credential_unavailable', message, { retryAfterMs: 2_000 });
}
