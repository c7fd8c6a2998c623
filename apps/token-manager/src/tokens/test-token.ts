/** Asks an account's upstream about it now, with a fresh access token where the present one is refused. */
import { AppError, isAppError } from '@reelay/contracts/errors';
import type { AccountInspection } from '@reelay/contracts/provider';
import type { TestedToken } from '@reelay/contracts/token-details';
import { isUpstreamError } from '@reelay/contracts/upstream-error';
import { findCredential } from '@reelay/db/tokens/find-credential';
import { findToken } from '@reelay/db/tokens/list-tokens';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { inspectToken } from './inspect-token.js';
import { showToken } from './show-token.js';

/** For a person who asked. What is wrong with the account is an answer like any other. @throws AppError `not_found` */
export async function testAndShow(parts: TokenManagerParts, id: string): Promise<TestedToken> {
  const found = await tellFindings(parts, id);
  parts.log.info({ tokenId: id, works: found.works }, 'account tested');
  await parts.lanes.refresh();
  await parts.queues.enqueue('dispatch', {});
  return { ...found, token: await showToken(parts, id) };
}

async function tellFindings(parts: TokenManagerParts, id: string): Promise<Omit<TestedToken, 'token'>> {
  try {
    return { works: true, code: null, message: await testToken(parts, id) };
  } catch (error) {
    if (!isUpstreamError(error) && !(isAppError(error) && error.code !== 'not_found')) throw error;
    return { works: false, code: error.code, message: error.message };
  }
}

/**
 * What was found, in a sentence. A refused access token is replaced once, where there is something to replace it with.
 *
 * @throws AppError `not_found`, `credential_unavailable`; UpstreamError
 */
export async function testToken(parts: TokenManagerParts, id: string): Promise<string> {
  const credential = await findCredential(parts.database, id);
  if (!credential || !(await findToken(parts.database, id))) throw gone();
  const inspection = await inspectToken(parts, id).catch((error: unknown) => {
    if (!isUpstreamError(error) || error.tokenEffect.effect !== 'credential_rejected') throw error;
    return inspectToken(parts, id, credential.version);
  });
  if (!inspection) throw gone();
  return describe(inspection);
}

function describe({ plan, sora2, remaining }: AccountInspection): string {
  const videos = remaining === null ? 'unknown' : String(remaining);
  const sora = sora2 === null ? 'unknown' : sora2 ? 'yes' : 'no';
  return `The account works: plan ${plan ?? 'unknown'}, Sora 2 ${sora}, videos left ${videos}.`;
}

function gone(): AppError {
  return new AppError('not_found', 'There is no account of this id, or it was deleted meanwhile.');
}
