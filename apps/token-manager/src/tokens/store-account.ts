/** The upsert by identity. A secret is sealed for its row, so the row's id must be known first; who loses a race looks again. */
import { AppError } from '@reelay/contracts/errors';
import type { AddToken } from '@reelay/contracts/tokens';
import { findKnownToken } from '@reelay/db/tokens/find-known-token';
import { insertToken, replaceCredential, type TokenCredential } from '@reelay/db/tokens/store-token';
import { isUniqueViolation } from '@reelay/db/transaction';
import { hintOf, type Vault } from '../credentials/vault.js';
import type { TokenManagerParts } from '../token-manager-parts.js';

export interface StoredAccount {
  id: string;
  /** Of the credential that was stored. */
  version: number;
  /** Not in the pool before; one that was deleted counts as new. */
  isNew: boolean;
}

interface Account {
  newId: string;
  identity: string;
  /** Unix ms. */
  expiresAt: number | null;
  inspection: { label: string } | undefined;
}

const tries = 5;

export async function storeAccount(parts: TokenManagerParts, add: AddToken, account: Account): Promise<StoredAccount> {
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const stored = await tryToStore(parts, add, account);
    if (stored) return stored;
  }
  throw new AppError(
    'service_unavailable',
    'The same account is being changed by many at once; try again in a moment.',
  );
}

async function tryToStore(
  { database, vault }: TokenManagerParts,
  add: AddToken,
  { newId, identity, expiresAt, inspection }: Account,
): Promise<StoredAccount | undefined> {
  const key = { provider: add.provider, target: add.target, identity };
  const known = await findKnownToken(database, key);
  const id = known?.id ?? newId;
  const credential = sealFor(vault, id, add, expiresAt);
  if (!known) {
    const label = credential.label ?? inspection?.label ?? identity;
    const isInserted = await insertToken(database, { ...key, ...credential, id, label });
    return isInserted ? { id, version: 1, isNew: true } : undefined;
  }
  try {
    const version = await replaceCredential(database, { ...credential, id, isHidden: known.isHidden });
    return version === undefined ? undefined : { id, version, isNew: known.isHidden };
  } catch (error) {
    // A deleted row that comes back met one that was inserted meanwhile.
    if (isUniqueViolation(error)) return undefined;
    throw error;
  }
}

function sealFor(vault: Vault, id: string, add: AddToken, expiresAt: number | null): TokenCredential {
  return {
    accessTokenSealed: vault.seal(id, 'access_token_sealed', add.accessToken),
    accessTokenHint: hintOf(add.accessToken),
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
    sessionTokenSealed: vault.sealOptional(id, 'session_token_sealed', add.sessionToken),
    refreshTokenSealed: vault.sealOptional(id, 'refresh_token_sealed', add.refreshToken),
    clientId: add.clientId ?? null,
    proxySealed: vault.sealOptional(id, 'proxy_sealed', add.proxyUrl),
    label: add.label ?? null,
    imageLimit: add.imageLimit ?? null,
    videoLimit: add.videoLimit ?? null,
  };
}
