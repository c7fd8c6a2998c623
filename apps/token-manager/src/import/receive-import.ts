/**
 * Takes an uploaded file of accounts in: every row is sealed as it comes, and nothing is done before the last one is there. The file is
 * never whole in memory, never on disk, and never in a log.
 */
import type { BatchView, ImportQuery } from '@reelay/contracts/batches';
import { AppError } from '@reelay/contracts/errors';
import { type BadRow, type ImportRow, isBadRow } from '@reelay/contracts/import/import-row';
import { tokenOfMode } from '@reelay/contracts/import/kind-of-token';
import { readImport } from '@reelay/contracts/import/read-import';
import { addRows, beginBatch, createBatch, type NewRow } from '@reelay/db/batches/create-batch';
import { findBatch } from '@reelay/db/batches/find-batch';
import { failBatch } from '@reelay/db/batches/finish-rows';
import { newUlid } from '@reelay/platform/ulid';
import { failureOf } from '../batches/row-outcome.js';
import { getUpstream } from '../credentials/account-call.js';
import { hintOf } from '../credentials/vault.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { readClaims } from './account-of-row.js';
import { decodeText } from './decode-text.js';
import { sealPayload } from './payload.js';

type Parts = Pick<TokenManagerParts, 'database' | 'vault' | 'batches' | 'providers' | 'targets' | 'log'>;

/** What is stored together: so many rows, or sooner where they are long. */
const portion = 250;
const portionLength = 1024 * 1024;

/** @throws AppError `invalid_request`, `invalid_value`, `request_too_large` */
export async function receiveImport(
  parts: Parts,
  body: AsyncIterable<Uint8Array>,
  query: ImportQuery,
): Promise<BatchView | undefined> {
  getUpstream(parts, query);
  const id = newUlid();
  await createBatch(parts.database, { id, kind: 'import', options: query, secretSealed: null });
  try {
    const total = await storeRows(parts, id, body, query);
    if (total === 0)
      throw new AppError('invalid_request', 'The file holds no account: send JSON, NDJSON, CSV or one token per line.');
    if (!(await beginBatch(parts.database, id))) throw givenUp();
    parts.log.info({ batchId: id, rows: total, mode: query.mode, isDryRun: query.dryRun }, 'import received');
  } catch (error) {
    const reason = failureOf(error).message ?? 'The upload was not finished.';
    await failBatch(parts.database, id, reason).catch((failure: unknown) => {
      parts.log.warn({ error: failure, batchId: id }, 'a broken upload could not be marked, it is later');
    });
    throw error;
  }
  parts.batches.touch();
  return findBatch(parts.database, id);
}

/** Returns how many there were. */
async function storeRows(
  parts: Parts,
  batchId: string,
  body: AsyncIterable<Uint8Array>,
  query: ImportQuery,
): Promise<number> {
  let total = 0;
  let waiting: NewRow[] = [];
  let length = 0;
  const store = async () => {
    if (waiting.length > 0 && !(await addRows(parts.database, batchId, waiting))) throw givenUp();
    waiting = [];
    length = 0;
  };
  for await (const row of readImport(decodeText(body), query.mode)) {
    total += 1;
    const sealed = sealRow(parts, { batchId, n: total }, row, query);
    waiting.push(sealed);
    length += sealed.payloadSealed?.length ?? 0;
    if (waiting.length === portion || length >= portionLength) await store();
  }
  await store();
  return total;
}

function sealRow(
  parts: Parts,
  { batchId, n }: { batchId: string; n: number },
  row: ImportRow | BadRow,
  query: ImportQuery,
): NewRow {
  if (isBadRow(row)) return { n, payloadSealed: null, label: null, hint: null, problem: row.problem };
  const token = tokenOfMode(row, query.mode) ?? tokenOfMode(row, 'auto') ?? '';
  const shown = { n, hint: hintOf(token) };
  try {
    const label = readClaims(parts, row, query).identity ?? row.label ?? null;
    return { ...shown, payloadSealed: sealPayload(parts.vault, batchId, n, row), label, problem: null };
  } catch (error) {
    // A row of another target than the installation knows.
    return { ...shown, payloadSealed: null, label: row.email ?? null, problem: failureOf(error).message };
  }
}

function givenUp(): AppError {
  return new AppError('invalid_request', 'The batch was cancelled while its rows came in.');
}
