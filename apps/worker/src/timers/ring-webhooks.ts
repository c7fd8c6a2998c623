/** Makes jobs of what is to be sent, told from the rows alone; also of what operators are to be told, and of retries that are due. */
import { findDueEndpoints } from '@reelay/db/webhooks/claim-deliveries';
import { handOnOperatorEvents } from '@reelay/db/webhooks/hand-on-operator-events';
import type { WorkerParts } from '../worker-parts.js';

export async function ringWebhooks(
  { database, queues }: Pick<WorkerParts, 'database' | 'queues'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && (await handOnOperatorEvents(database)));
  const due = await findDueEndpoints(database);
  await queues.enqueueMany(
    'webhook',
    due.map((endpointId) => ({ endpointId })),
  );
}
