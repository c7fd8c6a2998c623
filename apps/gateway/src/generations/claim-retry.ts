/** A client's retry takes over the generation of its first try, also where the answer to an earlier claim got lost on the way. */

import type { Database } from '@reelay/db/client';
import { type Attachment, type AttachRetry, attachRetry } from '@reelay/db/generations/attach-retry';
import { isOutage } from '@reelay/db/outage';
import type { Waiters } from './waiters.js';

export interface ClaimRetryParts {
  database: Database;
  waiters: Waiters;
}

/** What it attaches to is held by the caller, who must release it. */
export function claimRetry({ database, waiters }: ClaimRetryParts, attach: AttachRetry): Promise<Attachment> {
  // One after another: between the commit of a claim and our knowledge of it, its row looks like one whose claim was lost.
  return waiters.inTurn(`${attach.ownerId} ${attach.requestHash}`, async () => {
    const claimed = await claimTwice(database, attach);
    const generationId =
      claimed.outcome === 'attached' ? claimed.generationId : await findLostClaim(database, waiters, attach);
    if (generationId === undefined) return claimed;
    waiters.hold(generationId);
    return { outcome: 'attached', generationId };
  });
}

/** The second claim waits for the first one's transaction, by the lock of equal retries: after it the outcome is in the rows. */
async function claimTwice(database: Database, attach: AttachRetry): Promise<Attachment> {
  try {
    return await attachRetry(database, attach);
  } catch (error) {
    if (!isOutage(error)) throw error;
    return attachRetry(database, attach);
  }
}

/** A row that names this process although no request here waits for it: its claim was committed, and nobody heard of it. */
async function findLostClaim(database: Database, waiters: Waiters, attach: AttachRetry): Promise<string | undefined> {
  const row = await database.generation.findFirst({
    where: {
      ownerId: attach.ownerId,
      requestHash: attach.requestHash,
      waiter: attach.waiter,
      deletedAt: null,
      createdAt: { gt: new Date(Date.now() - attach.windowMs) },
      id: { notIn: waiters.held },
    },
    orderBy: { id: 'desc' },
    select: { id: true },
  });
  // A new request may have been accepted while this was read.
  return row && !waiters.held.includes(row.id) ? row.id : undefined;
}
