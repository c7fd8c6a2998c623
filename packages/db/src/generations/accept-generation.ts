/** Acceptance: from this one statement on the generation is a row and cannot be lost; everything else (bells, messages) is a hint. */

import { AppError } from '@reelay/contracts/errors';
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { Dialect } from '@reelay/contracts/ids';
import type { Queryable } from '../client.js';

export interface AcceptGeneration {
  id: string;
  ownerId: string;
  apiKeyId: string | null;
  dialect: Dialect;
  provider: string;
  /** Key of the lane that makes the row interchangeable with others. */
  lane: string;
  request: GenerationRequest;
  requestHash: string;
  /** From now, by the database's clock. */
  deadlineMs: number;
  /** Advisory-lock key of the process whose client waits for the result. */
  waiter: bigint;
  /** A client's Idempotency-Key: the first request of a key makes the generation, later ones find it. */
  idempotency?: { key: string; keepMs: number };
}

export type Acceptance =
  | { outcome: 'accepted' }
  /** No token of the pool could ever serve the lane; nothing was written. */
  | { outcome: 'unserved'; reason: string | null }
  /** The Idempotency-Key was used before, for this generation and a request of this hash; nothing was written. */
  | { outcome: 'repeated'; generationId: string; requestHash: string };

/**
 * Row, first event, usage reservation, idempotency row and the references that now belong to it in one statement, so there is no half of
 * it. The references are locked by it, so that the sweep of unused ones cannot pass between.
 *
 * @throws AppError `invalid_reference`: one of them is not stored any more, or is not this owner's; nothing was written
 */
export async function acceptGeneration(database: Queryable, accept: AcceptGeneration): Promise<Acceptance> {
  const key = accept.idempotency?.key ?? null;
  const keepMs = accept.idempotency?.keepMs ?? 0;
  const references = [...new Set(accept.request.references.map(({ assetId }) => assetId))];
  const [written] = await database.$queryRaw<Written[]>`
    WITH unserved AS (
      SELECT reason FROM lane_state WHERE lane = ${accept.lane} AND tokens = 0
    ), reference AS MATERIALIZED (
      SELECT id FROM asset
      WHERE id = ANY(${references}::text[]) AND owner_id = ${accept.ownerId} AND role = 'reference' AND generation_id IS NULL
      ORDER BY id FOR UPDATE
    ), allowed AS (
      SELECT WHERE NOT EXISTS (SELECT FROM unserved) AND (SELECT count(*) FROM reference) = ${references.length}
    ), claimed AS (
      INSERT INTO idempotency (owner_id, key, request_hash, generation_id, expires_at)
      SELECT ${accept.ownerId}, ${key}::text, ${accept.requestHash}, ${accept.id}, now() + ${keepMs} * interval '1 millisecond'
      WHERE ${key}::text IS NOT NULL AND EXISTS (SELECT FROM allowed)
      ON CONFLICT (owner_id, key) DO UPDATE SET
        request_hash = EXCLUDED.request_hash, generation_id = EXCLUDED.generation_id,
        created_at = now(), expires_at = EXCLUDED.expires_at
      WHERE idempotency.expires_at <= now()
      RETURNING generation_id
    ), accepted AS (
      INSERT INTO generation
        (id, owner_id, api_key_id, dialect, kind, model, provider, lane, request, request_hash, waiter, simulated,
          deadline_at)
      SELECT ${accept.id}, ${accept.ownerId}, ${accept.apiKeyId}, ${accept.dialect}, ${accept.request.kind},
        ${accept.request.model}, ${accept.provider}, ${accept.lane}, ${JSON.stringify(accept.request)}::jsonb,
        ${accept.requestHash}, ${accept.waiter},
        -- What it will be if nothing changes; the assignment knows.
        coalesce((SELECT tokens > 0 AND simulated = tokens FROM lane_state WHERE lane = ${accept.lane}), false), now() + ${accept.deadlineMs} * interval '1 millisecond'
      WHERE EXISTS (SELECT FROM allowed) AND (${key}::text IS NULL OR EXISTS (SELECT FROM claimed))
      RETURNING id, owner_id, api_key_id, kind, model
    ), linked AS (
      UPDATE asset SET generation_id = accepted.id FROM accepted WHERE asset.id IN (SELECT id FROM reference)
    ), event AS (
      INSERT INTO generation_event (generation_id, seq, type, data) SELECT id, 1, 'generation.queued', '{}' FROM accepted
    ), reserved AS (
      INSERT INTO usage (generation_id, owner_id, api_key_id, kind, model)
      SELECT id, owner_id, api_key_id, kind, model FROM accepted
    )
    SELECT EXISTS (SELECT FROM accepted) AS is_accepted, EXISTS (SELECT FROM unserved) AS is_unserved,
      (SELECT count(*) FROM reference) < ${references.length} AS is_reference_missing,
      (SELECT reason FROM unserved) AS reason`;
  if (written?.is_accepted) return { outcome: 'accepted' };
  if (written?.is_unserved) return { outcome: 'unserved', reason: written.reason };
  if (key === null || written?.is_reference_missing) {
    const message = 'An image or video of this request is not stored any more. Send the request again with it.';
    throw new AppError('invalid_reference', message);
  }
  return findRepeated(database, accept.ownerId, key);
}

interface Written {
  is_accepted: boolean;
  is_unserved: boolean;
  is_reference_missing: boolean;
  reason: string | null;
}

/** A statement of its own, because the row that won may have been committed after the snapshot of the first one. */
async function findRepeated(database: Queryable, ownerId: string, key: string): Promise<Acceptance> {
  const row = await database.idempotency.findUniqueOrThrow({ where: { ownerId_key: { ownerId, key } } });
  return { outcome: 'repeated', generationId: row.generationId, requestHash: row.requestHash };
}
