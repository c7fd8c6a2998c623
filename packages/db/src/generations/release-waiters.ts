/** The end of waiting for a result: what was delivered is settled, what was not may be attached to once by the client's retry. */
import type { Queryable } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';

export interface WaiterRelease {
  generationId: string;
  isDelivered: boolean;
}

/** Changes only rows that `waiter` still holds, so that repeating it after an unknown outcome does no harm. */
export async function releaseWaiters(
  database: Queryable,
  waiter: bigint,
  releases: readonly WaiterRelease[],
): Promise<void> {
  if (releases.length === 0) return;
  await queryDriver(
    database,
    // Not planned once: while the table is small that plan would read all of it.
    Prisma.sql`
    UPDATE generation SET waiter = NULL, attachable = attachable + (NOT released."isDelivered")::integer
    FROM jsonb_to_recordset(${JSON.stringify(releases)}::jsonb) AS released ("generationId" text, "isDelivered" boolean)
    WHERE id = released."generationId" AND waiter = ${waiter}`,
  );
}
