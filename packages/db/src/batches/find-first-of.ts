/** Where an account first stands in an import, for a dry run that must see what comes before a row. */
import type { Queryable } from '../client.js';

/** Row numbers by label, which is the identity where the row names one. */
export async function findFirstOf(
  database: Queryable,
  batchId: string,
  labels: readonly string[],
): Promise<Map<string, number>> {
  const rows = await database.$queryRaw<{ label: string; n: number }[]>`
    SELECT label, min(n) AS n FROM batch_row WHERE batch_id = ${batchId} AND label = ANY(${[...labels]}::text[]) GROUP BY label`;
  return new Map(rows.map(({ label, n }) => [label, n]));
}
