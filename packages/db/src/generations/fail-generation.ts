/** Ends generations that failed outside any attempt: by their deadline, or because something they need is gone for good. */
import type { StoredError } from '@reelay/contracts/errors';
import type { Database } from '../client.js';
import { inTransaction } from '../transaction.js';
import { endGeneration } from './end-generation.js';
import type { PublishedEvent } from './progress-generations.js';

/** Undefined when it had ended before. */
export async function failGeneration(
  database: Database,
  generationId: string,
  error: StoredError,
): Promise<PublishedEvent | undefined> {
  return inTransaction(database, (tx) => endGeneration(tx, generationId, { state: 'failed', error }));
}

/** Assigned and running generations past their deadline; waiting ones are the token-manager's. */
export async function findOverdue(database: Database, limit: number): Promise<string[]> {
  const rows = await database.$queryRaw<{ id: string }[]>`
    SELECT id FROM generation
    WHERE state IN ('queued', 'running') AND (state = 'running' OR token_id IS NOT NULL) AND deadline_at <= now()
    ORDER BY deadline_at LIMIT ${limit}`;
  return rows.map((row) => row.id);
}
