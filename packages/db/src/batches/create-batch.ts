/** Making a batch. Its rows come in portions; it is worked off once they are all there. */
import type { BatchKind, BatchOptions } from '@reelay/contracts/batches';
import type { Queryable } from '../client.js';

export interface NewBatch {
  id: string;
  kind: BatchKind;
  options: BatchOptions;
  /** Sealed for `batch`, this id, `secret_sealed`. */
  secretSealed: string | null;
}

export async function createBatch(database: Queryable, { id, kind, options, secretSealed }: NewBatch): Promise<void> {
  await database.$executeRaw`
    INSERT INTO batch (id, kind, state, options, secret_sealed)
    VALUES (${id}, ${kind}, 'receiving', ${JSON.stringify(options)}::jsonb, ${secretSealed})`;
}

export interface NewRow {
  n: number;
  /** Sealed for `batch_row`, `<batch>/<n>`, `payload_sealed`. */
  payloadSealed: string | null;
  label: string | null;
  hint: string | null;
  /** Of a row that is no account; it has its verdict at once. */
  problem: string | null;
}

/** False when the batch takes no more rows: it was given up meanwhile. */
export async function addRows(database: Queryable, batchId: string, rows: readonly NewRow[]): Promise<boolean> {
  const column = <Name extends keyof NewRow>(name: Name) => rows.map((row) => row[name]);
  const added = await database.$executeRaw`
    WITH receiving AS (
      UPDATE batch SET total = total + ${rows.length}, updated_at = now() WHERE id = ${batchId} AND state = 'receiving'
      RETURNING id)
    INSERT INTO batch_row (batch_id, n, payload_sealed, label, hint, verdict, message)
    SELECT receiving.id, row.n, row.payload, row.label, row.hint, CASE WHEN row.problem IS NOT NULL THEN 'invalid' END, row.problem
    FROM receiving, unnest(
      ${column('n')}::integer[], ${column('payloadSealed')}::text[], ${column('label')}::text[], ${column('hint')}::text[],
      ${column('problem')}::text[]) AS row (n, payload, label, hint, problem)`;
  return added === rows.length;
}

/** All rows are there. False when the batch was given up meanwhile. */
export async function beginBatch(database: Queryable, batchId: string): Promise<boolean> {
  const begun = await database.$executeRaw`
    UPDATE batch SET state = 'running', updated_at = now(), done = bad.count, failed = bad.count
    FROM (SELECT count(*)::integer FROM batch_row WHERE batch_id = ${batchId} AND verdict IS NOT NULL) AS bad
    WHERE id = ${batchId} AND state = 'receiving'`;
  return begun === 1;
}
