/** Acceptance: from this one statement on the generation is a row and cannot be lost; everything else (bells, messages) is a hint. */

import { AppError } from '@reelay/contracts/errors';
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { Dialect } from '@reelay/contracts/ids';
import { type AdmissionLimits, type CountedOpen, type Refusal, refusalOf } from '../admission/find-refusal.js';
import { keyLimits } from '../admission/key-limits.js';
import { type LaneOutlook, laneOutlook } from '../admission/lane-outlook.js';
import type { Queryable } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';
import { plannedOnce } from '../planned-once.js';
import type { Generation } from './find-generation.js';
import { findRepeated, type Repeated } from './find-repeated.js';

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
  /** However many accepts there are at once, they are not passed. None by default. */
  limits?: AdmissionLimits;
}

export type Acceptance =
  /** The generation as it is now, where it is known without asking again. */
  | { outcome: 'accepted'; generation?: Generation }
  /** Nothing was written. */
  | Refusal
  /** The Idempotency-Key was used before, for this generation and a request of this hash; nothing was written. */
  | ({ outcome: 'repeated' } & Repeated);

/**
 * Row, first event, usage reservation, idempotency row and the references that now belong to it in one statement, so there is no half of
 * it. The references are locked by it, so that the sweep of unused ones cannot pass between; the place among the open ones and in the
 * key's quotas is kept by the locks of `admit_generation` and `admit_usage` until the commit. A repeated Idempotency-Key needs none.
 *
 * @throws AppError `invalid_reference`: one of them is not stored any more, or is not this owner's; nothing was written
 */
export async function acceptGeneration(database: Queryable, accept: AcceptGeneration): Promise<Acceptance> {
  const key = accept.idempotency?.key ?? null;
  const keepMs = accept.idempotency?.keepMs ?? 0;
  const { openPerKey = null, open = null, timeZone = 'UTC' } = accept.limits ?? {};
  const { apiKeyId, request } = accept;
  const references = [...new Set(accept.request.references.map(({ assetId }) => assetId))];
  const [written] = await queryDriver<Written>(
    database,
    Prisma.sql`${plannedOnce}
    WITH outlook AS (${laneOutlook(accept)}
    ), reference AS MATERIALIZED (
      SELECT id FROM asset
      WHERE id = ANY(${references}::text[]) AND owner_id = ${accept.ownerId} AND role = 'reference' AND generation_id IS NULL
      ORDER BY id FOR UPDATE
    ), known AS (
      SELECT WHERE EXISTS (SELECT FROM idempotency WHERE owner_id = ${accept.ownerId} AND key = ${key}::text AND expires_at > now())
    ), served AS (
      SELECT WHERE NOT EXISTS (SELECT FROM known) AND (SELECT count(*) FROM reference) = ${references.length}
        AND NOT EXISTS (SELECT FROM outlook WHERE "isUnserved" OR "isOut" OR "hopelessMs" IS NOT NULL)
    ), own AS MATERIALIZED (${keyLimits({ apiKeyId, kind: request.kind, openPerKey })}
    ), of_key AS MATERIALIZED (
      SELECT own.most_open IS NULL OR admit_generation(${apiKeyId}, own.most_open) AS is_admitted FROM served LEFT JOIN own ON true
    ), of_all AS MATERIALIZED (
      SELECT ${open}::integer IS NULL OR admit_generation(NULL, ${open}::integer) AS is_admitted FROM of_key WHERE is_admitted
    ), of_quota AS MATERIALIZED (
      SELECT CASE WHEN own.daily IS NOT NULL OR own.monthly IS NOT NULL
        THEN admit_usage(${apiKeyId}, ${request.kind}, own.daily, own.monthly, ${timeZone}) END AS spent
      FROM of_all LEFT JOIN own ON true WHERE is_admitted
    ), allowed AS (
      SELECT FROM of_quota WHERE spent IS NULL
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
        (id, owner_id, api_key_id, dialect, kind, model, provider, lane, priority, request, request_hash, waiter, simulated,
          deadline_at)
      SELECT ${accept.id}, ${accept.ownerId}, ${accept.apiKeyId}, ${accept.dialect}, ${accept.request.kind},
        ${accept.request.model}, ${accept.provider}, ${accept.lane}, coalesce((SELECT priority FROM own), 0), ${JSON.stringify(accept.request)}::jsonb,
        ${accept.requestHash}, ${accept.waiter},
        -- What it will be if nothing changes; the assignment knows.
        coalesce((SELECT tokens > 0 AND simulated = tokens FROM lane_state WHERE lane = ${accept.lane}),
          -- Work of one account has a lane of its own, which nobody has counted yet: that account made what it starts from.
          (SELECT simulated FROM generation WHERE id = ${parentOf(request)}::text), false), now() + ${accept.deadlineMs} * interval '1 millisecond'
      WHERE EXISTS (SELECT FROM allowed) AND (${key}::text IS NULL OR EXISTS (SELECT FROM claimed))
      RETURNING id, owner_id, api_key_id, kind, model, priority, simulated, created_at, deadline_at
    ), linked AS (
      UPDATE asset SET generation_id = accepted.id FROM accepted WHERE asset.id IN (SELECT id FROM reference)
    ), event AS (
      INSERT INTO generation_event (generation_id, seq, type, data) SELECT id, 1, 'generation.queued', '{}' FROM accepted
    ), reserved AS (
      INSERT INTO usage (generation_id, owner_id, api_key_id, kind, model, is_metered)
      SELECT id, owner_id, api_key_id, kind, model, EXISTS (SELECT FROM own WHERE daily IS NOT NULL OR monthly IS NOT NULL) FROM accepted
    )
    SELECT outlook.*, accepted.created_at AS "createdAt", accepted.deadline_at AS "deadlineAt", accepted.priority, accepted.simulated,
      (SELECT is_admitted FROM of_key) AS "isKeyAdmitted", (SELECT is_admitted FROM of_all) AS "isAdmitted",
      own.most_open AS "mostOpen", own.daily, own.monthly, (SELECT spent FROM of_quota) AS spent
    FROM (SELECT) AS one LEFT JOIN outlook ON true LEFT JOIN own ON true LEFT JOIN accepted ON true`,
  );
  if (written?.createdAt) return { outcome: 'accepted', generation: acceptedGeneration(accept, written) };
  // The first of equal requests may have taken the last place: the others are to find it, not to be refused.
  const repeated = key === null ? undefined : await findRepeated(database, { ownerId: accept.ownerId, key });
  if (repeated) return { outcome: 'repeated', ...repeated };
  const refusal = written && refusalOf(written, { kind: request.kind, limits: accept.limits });
  if (refusal) return refusal;
  const message = 'An image or video of this request is not stored any more. Send the request again with it.';
  throw new AppError('invalid_reference', message);
}

function parentOf({ parent }: GenerationRequest): string | null {
  return (parent?.type === 'draft' ? parent.generationId : undefined) ?? null;
}

interface Written extends Partial<LaneOutlook>, CountedOpen, AcceptedColumns {}

/** Null of what was not accepted. */
export type AcceptedColumns = {
  [Column in 'createdAt' | 'deadlineAt' | 'priority' | 'simulated']: Generation[Column] | null;
};

export function acceptedGeneration(
  { id, dialect, request, lane }: AcceptGeneration,
  written: AcceptedColumns,
): Generation {
  const { createdAt, deadlineAt, priority, simulated } = written as Pick<Generation, keyof AcceptedColumns>;
  return {
    ...{ id, groupId: null, dialect, request, state: 'queued', stage: 'waiting', progress: 0, seq: 1 },
    ...{ simulated, result: null, error: null, createdAt, startedAt: null, completedAt: null },
    ...{ mediaRemovedAt: null, deadlineAt, lane, priority, notBefore: null },
  };
}
