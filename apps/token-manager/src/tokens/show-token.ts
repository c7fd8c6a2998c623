/** One account with everything an operator wants to know of it, and no secret. */
import { AppError } from '@reelay/contracts/errors';
import { describeProxy } from '@reelay/contracts/proxy-address';
import type { TokenDetails } from '@reelay/contracts/token-details';
import { type CutOff, findCutOff } from '@reelay/db/proxies/proxy-circuit';
import { type FoundDetails, findTokenDetails } from '@reelay/db/tokens/find-token-details';
import type { Vault } from '../credentials/vault.js';
import type { TokenManagerParts } from '../token-manager-parts.js';

/** @throws AppError `not_found` */
export async function showToken(
  { database, vault }: Pick<TokenManagerParts, 'database' | 'vault'>,
  id: string,
): Promise<TokenDetails> {
  const found = await findTokenDetails(database, id);
  if (!found) throw new AppError('not_found', 'There is no account of this id.');
  const { details, proxySealed } = found;
  const proxy = proxySealed === null ? null : { address: addressOf(vault, id, proxySealed) };
  return {
    ...details,
    proxy,
    warnings: [...warningsOf(found, proxy), ...cutOffWarning(await findCutOff(database, id))],
  };
}

/** One that this master key does not open is shown as set: calls that need it fail until it is set again. */
function addressOf(vault: Vault, id: string, proxySealed: string): string | null {
  try {
    // The user as well may be a key.
    return describeProxy(vault.open(id, 'proxy_sealed', proxySealed)).replace(/\/\/[^/]*@/, '//***@');
  } catch {
    return null;
  }
}

function warningsOf(
  { details, isRefreshTokenUsed, refreshWarning }: FoundDetails,
  proxy: TokenDetails['proxy'],
): string[] {
  const { hasSessionToken, hasRefreshToken, expiresAt, subscriptionEndsAt } = details;
  return [
    ...(refreshWarning === null ? [] : [refreshWarning]),
    ...(isRefreshTokenUsed && refreshWarning === null ? [refreshOutcomeUnknown] : []),
    ...(expiresAt !== null && !hasSessionToken && !hasRefreshToken ? [`${nothingStored} ${expiresAt}.`] : []),
    ...(proxy?.address === null ? [proxyUnreadable] : []),
    ...(subscriptionEndsAt !== null && Date.parse(subscriptionEndsAt) <= Date.now() ? [subscriptionOver] : []),
  ];
}

/** The proxy may be that of the installation. */
function cutOffWarning(cutOff: CutOff | undefined): string[] {
  if (!cutOff) return [];
  return [
    `Its proxy lets nothing through, so it is given no work until ${cutOff.until.toISOString()}: ${cutOff.reason}`,
  ];
}

const refreshOutcomeUnknown =
  'The refresh token was sent once and no answer came, so it may be used up and is not sent again. Add the account again with a new credential before its access token ends.';
const nothingStored =
  'Neither a session token nor a refresh token is stored: add the account again with a new credential before';
const proxyUnreadable = 'Its proxy cannot be opened with the present master key: set it again.';
const subscriptionOver = 'What was paid for has ended, as the upstream says.';
