/** An attempt ends without a task upstream and without anybody's guilt: its slot is freed and its generation goes back to its lane. */
import type { AttemptState } from '@reelay/contracts/domain';
import type { TokenEvent } from '@reelay/contracts/token-life';
import type { Database } from '../client.js';
import { type Exclusion, excludeToken } from '../generations/exclude-token.js';
import { lockGeneration } from '../generations/lock-generation.js';
import type { PublishedEvent } from '../generations/progress-generations.js';
import { returnToLane } from '../generations/return-to-lane.js';
import { noteProxyAnswer, noteProxyFault, type ProxyFault } from '../proxies/proxy-circuit.js';
import { applyTokenEvent } from '../tokens/apply-token-event.js';
import { inTransaction } from '../transaction.js';
import { closeAttempt } from './close-attempt.js';

export interface WithdrawAttempt {
  attemptId: string;
  generationId: string;
  fence: bigint;
  /** `sent` only when this process sent it itself and is certain: anybody else's may be on its way. */
  from: readonly AttemptState[];
  /** `refused` when the upstream said no for a reason of its own (overload), `not_sent` when it never heard of it. */
  to: 'not_sent' | 'refused';
  /** For people who look into the journal. */
  reason: string;
  pauseMs: number;
  /** For the client. */
  note: string;
  /** The token could not be reached for a reason of its own (proxy, credential): another one is tried first. */
  avoid?: Omit<Exclusion, 'generationId'> | undefined;
  /** What it shows of the token, which rests for everybody. */
  tokenEvent?: { tokenId: string; event: TokenEvent } | undefined;
  /** Its proxy let nothing through: counted for the proxy, and for no account. */
  proxyFault?: Omit<ProxyFault, 'attemptId' | 'reason'> | undefined;
}

export interface Withdrawal {
  /** False: the attempt was in none of the states asked for, and nothing was changed. */
  wasClosed: boolean;
  events: PublishedEvent[];
}

export async function withdrawAttempt(database: Database, withdraw: WithdrawAttempt): Promise<Withdrawal> {
  return inTransaction(database, async (tx) => {
    await lockGeneration(tx, withdraw.generationId);
    if (!(await closeAttempt(tx, withdraw))) return { wasClosed: false, events: [] };
    if (withdraw.tokenEvent) await applyTokenEvent(tx, withdraw.tokenEvent.tokenId, withdraw.tokenEvent.event);
    const event = await returnToLane(tx, { ...withdraw, counts: 'deferral' });
    if (event && withdraw.avoid) await excludeToken(tx, { ...withdraw.avoid, generationId: withdraw.generationId });
    if (withdraw.to === 'refused') await noteProxyAnswer(tx, withdraw.attemptId);
    if (withdraw.proxyFault) await noteProxyFault(tx, { ...withdraw, ...withdraw.proxyFault });
    return { wasClosed: true, events: event ? [event] : [] };
  });
}

/** An assignment without an attempt cannot be run: should one ever be found, it is undone. */
export async function undoAssignment(
  database: Database,
  { generationId, fence }: { generationId: string; fence: bigint },
): Promise<PublishedEvent[]> {
  return inTransaction(database, async (tx) => {
    await lockGeneration(tx, generationId);
    const note = 'waiting for an account';
    const event = await returnToLane(tx, { generationId, fence, pauseMs: 0, counts: 'nothing', note });
    return event ? [event] : [];
  });
}
