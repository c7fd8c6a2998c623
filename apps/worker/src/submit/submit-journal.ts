/**
 * The journal's side of one submit: `beforeSend` commits `intent → sent`, or throws and nothing is sent. What it threw is kept here,
 * because the adaptor above can only report that the request was held back.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { SlotKind } from '@reelay/contracts/domain';
import type { CallContext, Provider } from '@reelay/contracts/provider';
import type { Settings } from '@reelay/contracts/settings';
import { beginSend, type KnownBefore, type SendPermission } from '@reelay/db/attempts/begin-send';
import { findLandmarks, findTurn } from '@reelay/db/attempts/find-turn';
import { crashPoint } from '@reelay/platform/crash-point';
import type { WorkerParts } from '../worker-parts.js';
import { knownAfter } from './listing-cache.js';

export interface JournalledAttempt {
  id: string;
  generationId: string;
  fence: bigint;
  tokenId: string;
}

export interface JournalOptions {
  attempt: JournalledAttempt;
  /** Whether an unknown outcome is found by elimination: then submits of the token take turns. */
  takesTurn: boolean;
  /** On whose lists the task will be. */
  slotKind: SlotKind;
  provider: Provider;
  /** For the one list call that tells what was there before. */
  context: CallContext;
  settings: Settings;
  /** Aborted when the job's lock is lost or the process leaves; from `sent` on it is not looked at any more. */
  signal: AbortSignal;
}

/** The token's turn was not reached: behind a submit in flight the run job is put back, behind an unknown one the row goes elsewhere. */
export class TurnNotReached extends Error {
  override readonly name = 'TurnNotReached';

  constructor(readonly heldBy: 'sent' | 'unknown') {
    super('another submit on this account is not resolved yet');
  }
}

/** The journal does not allow this submit any more. */
export class SendForbidden extends Error {
  override readonly name = 'SendForbidden';

  constructor(readonly why: Exclude<SendPermission, 'sent' | 'turn_taken'>) {
    super(`the submit is no longer wanted: ${why}`);
  }
}

const lookAgainMs = 100;

export class SubmitJournal {
  /** True from the moment this process has committed `sent`. */
  isSent = false;
  /** What `beforeSend` threw. */
  failure: unknown;
  readonly #parts: WorkerParts;
  readonly #options: JournalOptions;
  #isCalled = false;
  #handOn: (() => void) | undefined;

  constructor(parts: WorkerParts, options: JournalOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  readonly beforeSend = async (): Promise<{ commitStartedAt: number; freshMs: number }> => {
    if (this.#isCalled) throw new Error('beforeSend may be called once per submit');
    this.#isCalled = true;
    try {
      return await this.#commitSent();
    } catch (error) {
      this.failure = error;
      throw error;
    }
  };

  /** To the next submit of this process on the account: when it is stored what became of this one. */
  handOnTurn(): void {
    this.#handOn?.();
  }

  async #commitSent(): Promise<{ commitStartedAt: number; freshMs: number }> {
    const { attempt, takesTurn, settings, signal } = this.#options;
    const giveUpAt = performance.now() + settings['submit.turnMs'];
    for (;;) {
      const knownBefore = takesTurn ? await this.#takeTurn(giveUpAt) : undefined;
      signal.throwIfAborted();
      crashPoint('run.before-sent');
      const commitStartedAt = performance.now();
      const permission = await beginSend(this.#parts.database, {
        generationId: attempt.generationId,
        attemptId: attempt.id,
        fence: attempt.fence,
        ...(knownBefore && { knownBefore }),
      });
      if (permission === 'sent') {
        this.isSent = true;
        crashPoint('run.after-sent');
        return { commitStartedAt, freshMs: settings['submit.freshnessMs'] };
      }
      if (permission !== 'turn_taken') throw new SendForbidden(permission);
    }
  }

  /** Waits until no submit on the token is unresolved, then tells what its lists hold: in this order, so the listing is not too old. */
  async #takeTurn(giveUpAt: number): Promise<KnownBefore> {
    const { attempt, signal } = this.#options;
    const withinMs = Math.max(0, giveUpAt - performance.now());
    // Who has waited long enough asks all the same: what is before it in this line may hang, and be resolved by others.
    this.#handOn ??= await this.#parts.turns.take(attempt.tokenId, { withinMs, signal });
    for (;;) {
      const { heldBy, lastUnresolvedAgoMs } = await findTurn(this.#parts.database, attempt.tokenId);
      if (!heldBy) return this.#listKnown(lastUnresolvedAgoMs);
      if (heldBy === 'unknown' || performance.now() >= giveUpAt) throw new TurnNotReached(heldBy);
      await pause(lookAgainMs * (0.5 + this.#parts.random()), undefined, { signal });
    }
  }

  async #listKnown(lastUnresolvedAgoMs = Number.POSITIVE_INFINITY): Promise<KnownBefore> {
    const { attempt, slotKind, provider, context, settings } = this.#options;
    const { tokenId } = attempt;
    const { database, listings } = this.#parts;
    const youngerThanMs = Math.min(settings['reconcile.knownBeforeMs'], lastUnresolvedAgoMs);
    const cached = listings.find({ tokenId, slotKind }, youngerThanMs);
    if (cached) return cached;
    const remember = listings.begin({ tokenId, slotKind });
    // Down to a task of ours is enough: whatever is new stands above it. What is seen below it is noted all the same, so that the
    // next listing still finds something known when a few of them were deleted.
    const landmarks = await findLandmarks(database, tokenId, slotKind);
    const until = landmarks.length > 0 && { until: new Set(landmarks) };
    const listing = await provider.list({ slotKind, ...until }, context);
    const known = knownAfter(listing);
    if (listing.complete) remember(known);
    return known;
  }
}
