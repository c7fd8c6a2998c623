/** What is to be told of a generation's end, written with it: whoever sees the end can count on the deliveries. */
import type { GenerationKind, TerminalState } from '@reelay/contracts/domain';
import type { Dialect } from '@reelay/contracts/ids';
import { webhookEventsOf } from '@reelay/contracts/webhooks';
import type { Transaction } from '../client.js';

export interface EndedGeneration {
  id: string;
  ownerId: string;
  dialect: Dialect;
  kind: GenerationKind;
}

/** For the owner's endpoints and the operator's. An event's id follows from what it tells, so that nothing is told twice. */
export async function noteGenerationEnd(
  tx: Transaction,
  generation: EndedGeneration,
  state: TerminalState,
): Promise<void> {
  const events = webhookEventsOf(generation, state).map(({ type, dataId }) => ({ type, data: { id: dataId } }));
  await tx.$executeRaw`
    INSERT INTO webhook_delivery (id, endpoint_id, event_id, event_type, data, generation_id)
    SELECT 'whd_' || translate(gen_random_uuid()::text, '-', ''), endpoint.id,
      'evt_' || left(encode(sha256(convert_to(${generation.id} || '/' || event.type, 'UTF8')), 'hex'), 32),
      event.type, event.data, ${generation.id}
    FROM webhook_endpoint AS endpoint
    JOIN jsonb_to_recordset(${JSON.stringify(events)}::jsonb) AS event (type text, data jsonb)
      ON event.type = ANY(endpoint.event_types)
    WHERE endpoint.owner_id = ${generation.ownerId} OR endpoint.owner_id IS NULL
    ON CONFLICT (endpoint_id, event_id) DO NOTHING`;
}

/** Nothing follows the deletion of a generation, and nothing of what was told is kept. */
export async function forgetGeneration(tx: Transaction, generationId: string): Promise<void> {
  await tx.$executeRaw`DELETE FROM webhook_delivery WHERE generation_id = ${generationId}`;
}
