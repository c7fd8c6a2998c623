/** Inspects accounts that the upstream was not asked about for a day or never, a few at a time. */
import { isAppError } from '@reelay/contracts/errors';
import { isUpstreamError } from '@reelay/contracts/upstream-error';
import { findCredential } from '@reelay/db/tokens/find-credential';
import { findUninspected } from '@reelay/db/tokens/record-inspection';
import { knownTargets, type TokenManagerParts } from '../token-manager-parts.js';
import { inspectToken } from '../tokens/inspect-token.js';

const everyMs = 24 * 3_600_000;
const perRound = 10;
/** After a failure the same account is left alone for this long. */
const pauseMs = 5 * 60_000;

export class DueInspections {
  readonly #parts: TokenManagerParts;
  readonly #pausedUntil = new Map<string, number>();

  constructor(parts: TokenManagerParts) {
    this.#parts = parts;
  }

  async round(signal: AbortSignal): Promise<void> {
    const { database, targets, lanes, queues } = this.#parts;
    this.#forgetPauses();
    const ids = await findUninspected(database, {
      ...{ targets: knownTargets(targets).names, olderThanMs: everyMs, limit: perRound },
      exceptIds: [...this.#pausedUntil.keys()],
    });
    let inspected = 0;
    for (const id of ids) if (!signal.aborted && (await this.#inspect(id))) inspected += 1;
    if (inspected === 0) return;
    lanes.touch();
    await queues.enqueue('dispatch', {});
  }

  async #inspect(tokenId: string): Promise<boolean> {
    const { log } = this.#parts;
    try {
      return await this.#inspectOrRenew(tokenId);
    } catch (error) {
      if (!isUpstreamError(error) && !isAppError(error)) throw error;
      this.#pausedUntil.set(tokenId, Date.now() + pauseMs);
      log.warn({ error, tokenId, againInMs: pauseMs }, 'account not inspected');
      return false;
    }
  }

  async #inspectOrRenew(tokenId: string): Promise<boolean> {
    const before = await findCredential(this.#parts.database, tokenId);
    try {
      return (await inspectToken(this.#parts, tokenId)) !== undefined;
    } catch (error) {
      if (!isUpstreamError(error) || error.tokenEffect.effect !== 'credential_rejected' || !before) throw error;
      return (await inspectToken(this.#parts, tokenId, before.version)) !== undefined;
    }
  }

  #forgetPauses(): void {
    for (const [id, until] of this.#pausedUntil) if (until <= Date.now()) this.#pausedUntil.delete(id);
  }
}
