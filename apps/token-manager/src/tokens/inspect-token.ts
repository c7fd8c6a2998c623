/** Asks the upstream who an account is and what it may do, and writes the answer down. */
import type { AccountInspection } from '@reelay/contracts/provider';
import { findCredential } from '@reelay/db/tokens/find-credential';
import { beginInspection, recordInspection } from '@reelay/db/tokens/record-inspection';
import { openAccount } from '../credentials/account-call.js';
import type { TokenManagerParts } from '../token-manager-parts.js';

const timeoutMs = 20_000;

/**
 * Undefined when the account is gone. A refused access token is replaced first, if that is possible.
 *
 * @throws UpstreamError; AppError `credential_unavailable`
 */
export async function inspectToken(
  parts: TokenManagerParts,
  tokenId: string,
  staleVersion?: number,
): Promise<AccountInspection | undefined> {
  const sealed = await findCredential(parts.database, tokenId);
  if (!sealed) return undefined;
  const { accessToken, version, proxyUrl } = await parts.credentials.get(
    tokenId,
    staleVersion === undefined ? {} : { staleVersion },
  );
  const { provider, context } = await openAccount(parts, {
    ...{ tokenId, provider: sealed.provider, target: sealed.target, accessToken, version, timeoutMs },
    ...{ proxyUrl: proxyUrl ?? undefined, operation: 'inspect' },
  });
  const start = await beginInspection(parts.database, tokenId);
  const inspection = await provider.inspect(context);
  await recordInspection(parts.database, tokenId, inspection, start);
  return inspection;
}
