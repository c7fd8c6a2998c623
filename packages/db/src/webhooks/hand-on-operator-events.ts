/** Makes deliveries of what an operator is told of. The rows are the outbox: each is handed on once, whoever does it. */
import type { Database } from '../client.js';

const portion = 500;

/** An endpoint hears of nothing that was before it. True when there is more to hand on. */
export async function handOnOperatorEvents(database: Database): Promise<boolean> {
  const [{ taken }] = await database.$queryRaw<[{ taken: number }]>`
    WITH taken AS (
      UPDATE operator_event SET is_handed_on = true
      WHERE id = ANY(ARRAY(
        SELECT id FROM operator_event WHERE NOT is_handed_on ORDER BY id LIMIT ${portion} FOR UPDATE SKIP LOCKED))
      RETURNING id, type, subject, data, created_at
    ), made AS (
      INSERT INTO webhook_delivery (id, endpoint_id, event_id, event_type, data, created_at)
      SELECT 'whd_' || translate(gen_random_uuid()::text, '-', ''), endpoint.id,
        'evt_' || left(encode(sha256(convert_to('operator_event/' || taken.id, 'UTF8')), 'hex'), 32),
        taken.type, taken.data || jsonb_build_object('id', subject), taken.created_at
      FROM taken JOIN webhook_endpoint AS endpoint
        ON endpoint.owner_id IS NULL AND taken.type = ANY(endpoint.event_types) AND endpoint.created_at <= taken.created_at
      ON CONFLICT (endpoint_id, event_id) DO NOTHING
    )
    SELECT count(*)::integer AS taken FROM taken`;
  return taken === portion;
}
