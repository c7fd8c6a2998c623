/** Hands out access tokens, and sees to it that one which is refused or has expired is replaced once, whoever asks. */
import { setTimeout as delay } from 'node:timers/promises';
import { slotKinds } from '@reelay/contracts/domain';
import { AppError } from '@reelay/contracts/errors';
import type { CredentialRequest, CredentialView } from '@reelay/contracts/tokens';
import { takeTurn } from '@reelay/db/pace';
import { applyTokenEvent } from '@reelay/db/tokens/apply-token-event';
import { findCredential, type SealedCredential } from '@reelay/db/tokens/find-credential';
import { isRefreshFree } from '@reelay/db/tokens/refresh-claim';
import { refreshCredential, refreshLeaseMs } from './refresh-credential.js';
import { RefreshGate } from './refresh-gate.js';
import type { FailedRefresh, RefreshOutcome, RefreshParts } from './refresh-outcome.js';
import { settleRefresh } from './settle-refresh.js';

/** A token this close to its end is replaced ahead of it, so that it does not end on the way; until then it is still good. */
const expiryMarginMs = 30_000;
/** How long a request waits for its turn, or for a refresh that another replica does. */
const heldMs = 12_000;
const heldPauseMs = 200;
/** How long an account rests whose turn did not come: others do its work meanwhile. */
const busyRestMs = 10_000;
const uselessRefresh =
  'The upstream gave a new access token that had expired already. If this stays, add the account again with a new credential.';
const notItsTurn = 'Many credentials are being renewed at once, and the turn of this one has not come yet.';

export interface CredentialOptions {
  /** Told when an account's state or credential changed. */
  readonly onChange: () => void;
}

export class Credentials {
  readonly #parts: RefreshParts;
  readonly #options: CredentialOptions;
  readonly #gate: RefreshGate;
  /** Of this process, by token and version: whoever comes second waits for the first. */
  readonly #refreshing = new Map<string, Promise<RefreshOutcome>>();

  constructor(parts: RefreshParts, options: CredentialOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#gate = new RefreshGate({
      concurrency: async () => (await parts.settings.read())['refresh.concurrency'],
      takeTurn: async (target) => {
        const perMinute = (await parts.settings.read())['refresh.perMinute'];
        return takeTurn(parts.database, `refresh.${target}`, { perMinute, burst: Math.ceil(perMinute / 4) });
      },
    });
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
      const result = await this.renew(credential);
      isRefreshed = result.outcome === 'refreshed';
      if (isRefreshed) continue; // the next round is the last one
      if (isUsable) return this.#toView(credential);
      if ('reason' in result) return this.#fail(credential, result);
      if (result.outcome === 'busy') return this.#holdOff(credential);
      if (performance.now() > giveUpAt) throw unavailable('The credential is being refreshed; ask again in a moment.');
      await delay(heldPauseMs);
    }
  }

  /** On demand, whatever the account's state. Null when it has a newer credential now, else the sentence that says why not. */
  async refresh(credential: SealedCredential): Promise<string | null> {
    const giveUpAt = performance.now() + heldMs;
    for (;;) {
      const result = await this.renew(credential);
      if (result.outcome === 'refreshed') return null;
      if ('reason' in result) {
        await this.settleFailure(credential, result, credential.isExpired);
        return result.reason;
      }
      if (result.outcome === 'busy') return `${notItsTurn} Try again in a minute.`;
      if (performance.now() > giveUpAt) return 'It is being renewed at this moment. Look again in a minute.';
      await delay(heldPauseMs);
      const now = await findCredential(this.#parts.database, credential.id);
      if (now && now.version !== credential.version) return null;
    }
  }

  /** One refresh of this version at a time and in its turn. What a failure means for the account is left to the caller. */
  renew(credential: SealedCredential): Promise<RefreshOutcome> {
    const key = `${credential.id}:${credential.version}`;
    const known = this.#refreshing.get(key);
    if (known) return known;
    const refreshing = this.#renewInTurn(credential).finally(() => this.#refreshing.delete(key));
    this.#refreshing.set(key, refreshing);
    return refreshing;
  }

  async #renewInTurn({ id, version, target }: SealedCredential): Promise<RefreshOutcome> {
    // Whoever can only wait for another replica must not take, again and again, the turns of those that could begin.
    const { database } = this.#parts;
    if (!(await isRefreshFree(database, { id, version, leaseMs: refreshLeaseMs }))) return { outcome: 'held' };
    const result = await this.#gate.pass(target, heldMs, () => refreshCredential(this.#parts, { id, version }));
    if (result?.outcome === 'refreshed') this.#options.onChange();
    return result ?? { outcome: 'busy' };
  }

  async settleFailure({ id, version }: SealedCredential, failure: FailedRefresh, isOver: boolean): Promise<void> {
    await settleRefresh(this.#parts, { id, version, isOver }, failure);
    this.#options.onChange();
  }

  /** Begins no more refreshes, and resolves when none runs any more: one that was cut off may have cost its refresh token. */
  async settle(): Promise<void> {
    this.#gate.close();
    await Promise.allSettled(this.#refreshing.values());
  }

  async #fail(credential: SealedCredential, failure: FailedRefresh): Promise<never> {
    await this.settleFailure(credential, failure, true);
    throw unavailable(failure.reason);
  }

  async #holdOff({ id }: SealedCredential): Promise<never> {
    const rest = { slotKinds, reason: notItsTurn, retryAfterMs: busyRestMs };
    await applyTokenEvent(this.#parts.database, id, { type: 'held_off', ...rest });
    throw unavailable(notItsTurn, busyRestMs);
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

function unavailable(message: string, retryAfterMs = 2_000): AppError {
  return new AppError('credential_unavailable', message, { retryAfterMs });
}
