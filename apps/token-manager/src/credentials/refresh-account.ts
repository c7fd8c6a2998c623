/** `refreshAccount`: what a person asks for ("renew this account's credential now"). Its access token stays good if that does not work. */
import { AppError } from '@reelay/contracts/errors';
import { findCredential } from '@reelay/db/tokens/find-credential';
import type { TokenManagerParts } from '../token-manager-parts.js';

export interface AccountRefresh {
  refreshed: boolean;
  /** Of the credential that is stored now, and until when its access token is good (ISO 8601; null: it does not say). */
  version: number;
  expiresAt: string | null;
  /** Why it was not refreshed, and what to do. Never a secret. */
  message: string | null;
}

/** @throws AppError `not_found` */
export async function refreshAccount(
  parts: Pick<TokenManagerParts, 'database' | 'credentials'>,
  tokenId: string,
): Promise<AccountRefresh> {
  const before = await getCredential(parts, tokenId);
  const message = await parts.credentials.refresh(before);
  const { version, expiresAt } = await getCredential(parts, tokenId);
  return { refreshed: message === null, version, expiresAt: expiresAt?.toISOString() ?? null, message };
}

async function getCredential({ database }: Pick<TokenManagerParts, 'database'>, tokenId: string) {
  const credential = await findCredential(database, tokenId);
  if (!credential) throw new AppError('not_found', 'There is no account of this id, or it was deleted meanwhile.');
  return credential;
}
