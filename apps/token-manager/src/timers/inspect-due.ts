/** Asks the upstream about accounts whose turn it is (new ones, after a rest or a video, daily), in every replica at once, a few at a time. */
import { isAppError } from '@reelay/contracts/errors';
import { isUpstreamError } from '@reelay/contracts/upstream-error';
import { isOutage } from '@reelay/db/outage';
import { takeTurn } from '@reelay/db/pace';
import { claimDueInspections, putBackInspections } from '@reelay/db/tokens/due-inspections';
import { findCredential } from '@reelay/db/tokens/find-credential';
import { knownTargets, type TokenManagerParts } from '../token-manager-parts.js';
import { inspectToken } from '../tokens/inspect-token.js';

const perRound = 20;

export async function inspectDue(parts: TokenManagerParts, signal: AbortSignal): Promise<void> {
  const settings = await parts.settings.read();
  const waiting = await claimDueInspections(parts.database, {
    ...{ targets: knownTargets(parts.targets).names, limit: perRound, againMs: settings['inspect.retryMs'] },
    ...{ everyMs: settings['inspect.everyMs'], afterVideoMs: settings['inspect.afterVideoMs'] },
  });
  if (waiting.length === 0) return;
  const perMinute = settings['inspect.perMinute'];
  const pace = { perMinute, burst: Math.ceil(perMinute / 4) };
  let inspected = 0;
  const worker = async () => {
    for (let next = waiting.shift(); next && !signal.aborted; next = waiting.shift()) {
      if ((await takeTurn(parts.database, `inspect.${next.target}`, pace)) > 0) return void waiting.push(next);
      if (await inspect(parts, next.id)) inspected += 1;
    }
  };
  try {
    await Promise.all(Array.from({ length: settings['inspect.concurrency'] }, worker));
  } finally {
    await putBackInspections(
      parts.database,
      waiting.map(({ id }) => id),
    );
  }
  if (inspected === 0) return;
  parts.lanes.touch();
  await parts.queues.enqueue('dispatch', {});
}

/** After a failure the account is left alone for a while, as its claim says. */
async function inspect(parts: TokenManagerParts, tokenId: string): Promise<boolean> {
  try {
    return await inspectOrRenew(parts, tokenId);
  } catch (error) {
    if (isOutage(error)) throw error;
    // Also what nobody reckoned with (a secret that no key opens): the others of the round are asked all the same.
    const level = isUpstreamError(error) || isAppError(error) ? 'warn' : 'error';
    parts.log[level]({ error, tokenId }, 'account not inspected');
    return false;
  }
}

async function inspectOrRenew(parts: TokenManagerParts, tokenId: string): Promise<boolean> {
  const before = await findCredential(parts.database, tokenId);
  try {
    return (await inspectToken(parts, tokenId)) !== undefined;
  } catch (error) {
    if (!isUpstreamError(error) || error.tokenEffect.effect !== 'credential_rejected' || !before) throw error;
    return (await inspectToken(parts, tokenId, before.version)) !== undefined;
  }
}
