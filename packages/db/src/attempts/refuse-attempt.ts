/** The upstream refused a submit through the fault of the client or of the token; nothing was accepted. */
import type { AttemptState } from '@reelay/contracts/domain';
import type { StoredError } from '@reelay/contracts/errors';
import type { TokenEvent } from '@reelay/contracts/token-life';
import type { Database, Transaction } from '../client.js';
import { endGeneration } from '../generations/end-generation.js';
import { excludeToken } from '../generations/exclude-token.js';
import { lockGeneration } from '../generations/lock-generation.js';
import { returnToLane } from '../generations/return-to-lane.js';
import { noteProxyAnswer } from '../proxies/proxy-circuit.js';
import { type AppliedEvent, applyTokenEvent } from '../tokens/apply-token-event.js';
import { inTransaction } from '../transaction.js';
import { closeAttempt } from './close-attempt.js';
import type { Withdrawal } from './withdraw-attempt.js';

interface RefusedAttempt {
  attemptId: string;
  generationId: string;
  from: readonly AttemptState[];
  reason: string;
  error: StoredError;
}

/** The client's fault: no other account would do it either, so the generation fails at once. */
export async function refuseByClientFault(database: Database, refused: RefusedAttempt): Promise<Withdrawal> {
  return inTransaction(database, async (tx) => {
    await lockGeneration(tx, refused.generationId);
    if (!(await closeAttempt(tx, { ...refused, to: 'refused' }))) return { wasClosed: false, events: [] };
    const end = { state: 'failed', error: refused.error, fault: 'client' } as const;
    const event = await endGeneration(tx, refused.generationId, end);
    await noteProxyAnswer(tx, refused.attemptId);
    return { wasClosed: true, events: event ? [event] : [] };
  });
}

export interface RefusedByToken extends RefusedAttempt {
  fence: bigint;
  tokenId: string;
  tokenEvent: Extract<TokenEvent, { type: 'fault' }>;
  /** How long this generation is not given to this token where it does not rest anyway; a pinned one has no other and waits instead. */
  excludedForMs: number;
  isPinned: boolean;
  maximumRefusals: number;
  note: string;
}

/** The token's fault: another one is tried, at most so often; then the generation fails with the last reason. */
export async function refuseByTokenFault(database: Database, refused: RefusedByToken): Promise<Withdrawal> {
  return inTransaction(database, async (tx) => {
    const generation = await lockGeneration(tx, refused.generationId);
    if (!(await closeAttempt(tx, { ...refused, to: 'refused' }))) return { wasClosed: false, events: [] };
    const rests = restsForMs(await applyTokenEvent(tx, refused.tokenId, refused.tokenEvent), refused.tokenEvent);
    const refusals = (generation?.refusals ?? 0) + 1;
    const event =
      refusals >= refused.maximumRefusals
        ? await endGeneration(tx, refused.generationId, { state: 'failed', error: refused.error, fault: 'token' })
        : await tryAnotherToken(tx, { ...refused, excludedForMs: rests ?? refused.excludedForMs });
    await noteProxyAnswer(tx, refused.attemptId);
    return { wasClosed: true, events: event ? [event] : [] };
  });
}

/** Undefined when it goes on working. */
function restsForMs(
  applied: AppliedEvent | undefined,
  { slotKinds }: RefusedByToken['tokenEvent'],
): number | undefined {
  if (!applied) return undefined;
  const rests = slotKinds.flatMap((slotKind) => applied.life.kinds[slotKind].cooling ?? []);
  return rests.length === 0 ? undefined : Math.max(...rests.map(({ until }) => until)) - applied.now;
}

async function tryAnotherToken(tx: Transaction, refused: RefusedByToken) {
  const { generationId, fence, note, isPinned, excludedForMs } = refused;
  const pauseMs = isPinned ? excludedForMs : 0;
  const event = await returnToLane(tx, { generationId, fence, pauseMs, counts: 'refusal', note });
  if (!event) return undefined;
  await tx.$executeRaw`
    UPDATE generation SET last_refusal = ${JSON.stringify(refused.error)}::jsonb WHERE id = ${generationId}`;
  if (!isPinned) await excludeToken(tx, refused);
  return event;
}
