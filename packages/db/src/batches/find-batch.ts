/** Batches as people see them. */
import type { BatchPage, BatchRowsQuery, BatchRowView, BatchView } from '@reelay/contracts/batches';
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';

type Row = Omit<BatchView, 'createdAt' | 'finishedAt'> & { createdAt: Date; finishedAt: Date | null };

const selectViews = Prisma.sql`
  SELECT id, kind, state, error, options, total, done, failed, created_at AS "createdAt", finished_at AS "finishedAt" FROM batch`;

export async function findBatch(database: Queryable, id: string): Promise<BatchView | undefined> {
  const [row] = await database.$queryRaw<Row[]>`${selectViews} WHERE id = ${id}`;
  return row && toView(row);
}

/** The newest first; ids grow with time. */
export async function listBatches(
  database: Queryable,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<BatchView[]> {
  const rows = await database.$queryRaw<Row[]>`
    ${selectViews} WHERE ${after === undefined ? Prisma.sql`true` : Prisma.sql`id < ${after}`} ORDER BY id DESC LIMIT ${limit}`;
  return rows.map(toView);
}

export async function listBatchRows(
  database: Queryable,
  batchId: string,
  { after, limit, verdict }: BatchRowsQuery,
): Promise<BatchRowView[]> {
  const chosen = verdict === undefined ? Prisma.sql`true` : Prisma.sql`verdict = ${verdict}`;
  return database.$queryRaw<BatchRowView[]>`
    SELECT n, token_id AS "tokenId", label, hint, verdict, message, retries FROM batch_row
    WHERE batch_id = ${batchId} AND n > ${after} AND ${chosen} ORDER BY n LIMIT ${limit}`;
}

export async function countVerdicts(database: Queryable, batchId: string): Promise<BatchPage['verdicts']> {
  const rows = await database.$queryRaw<{ verdict: string; count: number }[]>`
    SELECT verdict, count(*)::integer FROM batch_row WHERE batch_id = ${batchId} AND verdict IS NOT NULL GROUP BY verdict`;
  return Object.fromEntries(rows.map(({ verdict, count }) => [verdict, count]));
}

export interface RunningBatch {
  id: string;
  kind: BatchView['kind'];
  options: BatchView['options'];
  secretSealed: string | null;
}

/** Imports last, for they are long; then the oldest first. */
export async function findRunningBatches(database: Queryable, limit: number): Promise<RunningBatch[]> {
  return database.$queryRaw<RunningBatch[]>`
    SELECT id, kind, options, secret_sealed AS "secretSealed" FROM batch WHERE state = 'running'
    ORDER BY kind = 'import', id LIMIT ${limit}`;
}

function toView({ createdAt, finishedAt, ...row }: Row): BatchView {
  return { ...row, createdAt: createdAt.toISOString(), finishedAt: finishedAt?.toISOString() ?? null };
}
