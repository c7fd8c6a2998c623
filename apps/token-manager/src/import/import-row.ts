/** One row of an import that asks the upstream: its token is exchanged where that is its way, and the account is inspected. */
import type { BatchOptions } from '@reelay/contracts/batches';
import { isAppError } from '@reelay/contracts/errors';
import { isUpstreamError } from '@reelay/contracts/upstream-error';
import type { ClaimedRow } from '@reelay/db/batches/claim-rows';
import type { RunningBatch } from '@reelay/db/batches/find-batch';
import { findAccounts, type StoredSecrets } from '@reelay/db/batches/read-accounts';
import { outcome, type RowOutcome } from '../batches/row-outcome.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { addToken } from '../tokens/add-token.js';
import { inspectToken } from '../tokens/inspect-token.js';
import { accountOf, isUnchanged, type Payload, placeOf, readClaims } from './account-of-row.js';
import { exchangeToken } from './exchange-token.js';
import { openPayload } from './payload.js';
import { takeUp } from './take-up.js';
import { wayOf } from './way-of-row.js';

export interface RowWork {
  batch: RunningBatch;
  row: ClaimedRow;
  claim: string;
}

/** @throws AppError, UpstreamError, SealError */
export async function importRow(parts: TokenManagerParts, work: RowWork): Promise<RowOutcome> {
  const { options, id } = work.batch;
  const payload = openPayload(parts.vault, id, work.row);
  const way = wayOf(parts, payload, options);
  const known = await findKnown(parts, payload, options);
  if (known && way === 'access' && isUnchanged(parts.vault, known, payload, options)) {
    return inspectAgain(parts, known.id);
  }
  // The pool refreshes by this very token: sent by us it would be used up under its hands.
  if (known && way === 'refresh' && isOwnRefreshToken(parts, known, payload)) {
    return outcome('unchanged', known.id, 'The account has this refresh token already.');
  }
  const ready = way === 'session' || way === 'refresh' ? await exchangeToken(parts, work, payload, way) : payload;
  if ('verdict' in ready) return ready;
  return store(parts, ready, options);
}

async function findKnown(
  parts: TokenManagerParts,
  row: Payload,
  options: BatchOptions,
): Promise<StoredSecrets | undefined> {
  const { identity } = readClaims(parts, row, options);
  if (identity === null) return undefined;
  const [known] = await findAccounts(parts.database, [{ ...placeOf(row, options), identity }]);
  return known?.isHidden === true ? undefined : known;
}

function isOwnRefreshToken({ vault }: TokenManagerParts, known: StoredSecrets, { refreshToken }: Payload): boolean {
  return vault.openOptional(known.id, 'refresh_token_sealed', known.refreshTokenSealed) === refreshToken;
}

/** Everything is as it was; what the upstream says of it may be new. */
async function inspectAgain(parts: TokenManagerParts, tokenId: string): Promise<RowOutcome> {
  try {
    await inspectToken(parts, tokenId);
    return outcome('unchanged', tokenId);
  } catch (error) {
    if (!isUpstreamError(error) && !isAppError(error)) throw error;
    return outcome('unchanged', tokenId, `The account is as it was, but could not be inspected now: ${error.message}`);
  }
}

async function store(parts: TokenManagerParts, row: Payload, options: BatchOptions): Promise<RowOutcome> {
  const added = await addToken(parts, accountOf(row, options), { isOneOfMany: true });
  await takeUp(parts, added.id, row);
  const message = added.inspected
    ? null
    : 'The upstream could not be asked about the account now; it is asked again later.';
  return outcome(added.created ? 'added' : 'updated', added.id, message);
}
