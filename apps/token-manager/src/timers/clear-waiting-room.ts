/** Ends waiting generations that no token will take any more: their deadline has passed, or nobody is left who could serve them. */
import type { StoredError } from '@reelay/contracts/errors';
import { type Lane, parseLane } from '@reelay/contracts/lane';
import { findHopelessRows, findOverdueRows, lockWaitingRow } from '@reelay/db/assign/find-hopeless-rows';
import { findWaitingLanes } from '@reelay/db/assign/find-waiting-lanes';
import { endGeneration } from '@reelay/db/generations/end-generation';
import { inTransaction } from '@reelay/db/transaction';
import type { TokenManagerParts } from '../token-manager-parts.js';

type Parts = Pick<TokenManagerParts, 'database' | 'publisher' | 'settings' | 'log'>;

const portion = 200;

/** Returns how many ended. */
export async function clearWaitingRoom(parts: Parts, signal: AbortSignal): Promise<number> {
  const graceMs = (await parts.settings.read())['assign.hopelessAfterMs'];
  let ended = await endAll(parts, () => findOverdueRows(parts.database, portion), overdue, signal);
  for (const { lane } of await findWaitingLanes(parts.database)) {
    const parsed = readLane(parts, lane);
    if (!parsed) continue;
    const find = { lane: parsed, graceMs, limit: portion };
    ended += await endAll(parts, () => findHopelessRows(parts.database, find), hopeless(parsed), signal);
  }
  return ended;
}

const overdue: StoredError = {
  code: 'deadline_exceeded',
  message: 'No account became free for this generation before its deadline. Try again later, or add accounts.',
};

function hopeless({ plan, sora2, tokenId }: Lane): StoredError {
  const needs = plan === 'pro' ? 'with plan pro' : sora2 ? 'with Sora 2' : 'that can do this';
  const missing = tokenId === undefined ? `no account ${needs} is left` : 'the account that it depends on was removed';
  return { code: 'model_not_available', message: `The generation cannot be made any more: ${missing}.` };
}

/** A round that ends nothing stops, so that rows which somebody else is just taking are not asked for again and again. */
async function endAll(
  parts: Parts,
  find: () => Promise<string[]>,
  error: StoredError,
  signal: AbortSignal,
): Promise<number> {
  let total = 0;
  for (let ids = await find(); ids.length > 0 && !signal.aborted; ids = await find()) {
    let ended = 0;
    for (const id of ids) if (await endWaiting(parts, id, error)) ended += 1;
    total += ended;
    if (ended === 0 || ids.length < portion) break;
  }
  return total;
}

async function endWaiting(
  { database, publisher, log }: Parts,
  generationId: string,
  error: StoredError,
): Promise<boolean> {
  const ended = await inTransaction(database, async (tx) =>
    (await lockWaitingRow(tx, generationId)) ? endGeneration(tx, generationId, { state: 'failed', error }) : undefined,
  );
  if (!ended) return false;
  log.info({ generationId, code: error.code }, 'generation ended while it waited');
  await publisher.publish(generationId, ended.event);
  return true;
}

function readLane({ log }: Parts, key: string): Lane | undefined {
  try {
    return parseLane(key);
  } catch (error) {
    log.error({ error, lane: key }, 'generations wait in a lane that this release cannot read');
    return undefined;
  }
}
