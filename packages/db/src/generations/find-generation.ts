/** A generation as its owner may see it. */
import type { GenerationState, Stage } from '@reelay/contracts/domain';
import { isErrorCode, type StoredError } from '@reelay/contracts/errors';
import {
  type GenerationRequest,
  type GenerationResult,
  generationRequestSchema,
  generationResultSchema,
} from '@reelay/contracts/generation-request';
import type { Dialect } from '@reelay/contracts/ids';
import type { Queryable } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';
import { plannedOnce } from '../planned-once.js';

export interface Generation {
  id: string;
  /** The first of those that one request made, itself included; null where it made one. */
  groupId: string | null;
  dialect: Dialect;
  request: GenerationRequest;
  state: GenerationState;
  stage: Stage;
  progress: number;
  seq: number;
  /** Made by a simulated upstream. */
  simulated: boolean;
  result: GenerationResult | null;
  error: StoredError | null;
  createdAt: Date;
  startedAt: Date | null;
  completedAt: Date | null;
  /** Since then its media are gone, by age or for room. */
  mediaRemovedAt: Date | null;
  deadlineAt: Date;
  /** What its place in the line is found by. */
  lane: string;
  priority: number;
  notBefore: Date | null;
}

/** Undefined also for what belongs to somebody else. */
export async function findGeneration(
  database: Queryable,
  of: { id: string; ownerId: string },
): Promise<Generation | undefined> {
  const [row] = await queryDriver<GenerationColumns>(
    database,
    Prisma.sql`${plannedOnce}
    SELECT ${generationColumns} FROM generation WHERE id = ${of.id} AND owner_id = ${of.ownerId} AND deleted_at IS NULL`,
  );
  return row && toGeneration(row);
}

/** What of a row makes a generation; JSON as the database gives it. */
export type GenerationColumns = Pick<Prisma.GenerationGetPayload<object>, keyof Generation>;

export const generationColumns = Prisma.sql`
  id, group_id AS "groupId", dialect, request, state, stage, progress, seq, simulated, result, error, created_at AS "createdAt",
  started_at AS "startedAt", completed_at AS "completedAt", media_removed_at AS "mediaRemovedAt", deadline_at AS "deadlineAt", lane,
  priority, not_before AS "notBefore"`;

export function toGeneration(row: GenerationColumns): Generation {
  return {
    id: row.id,
    groupId: row.groupId,
    dialect: row.dialect as Dialect,
    request: generationRequestSchema.parse(row.request),
    state: row.state as GenerationState,
    stage: row.stage as Stage,
    progress: row.progress,
    seq: row.seq,
    simulated: row.simulated,
    result: generationResultSchema.nullable().parse(row.result),
    error: row.error === null ? null : readStoredError(row.error),
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    completedAt: row.completedAt,
    mediaRemovedAt: row.mediaRemovedAt,
    deadlineAt: row.deadlineAt,
    lane: row.lane,
    priority: row.priority,
    notBefore: row.notBefore,
  };
}

/** A code that this release does not know (a newer one wrote it) is shown as a general failure with its message. */
function readStoredError(stored: unknown): StoredError {
  const { code, message, param } = stored as { code?: unknown; message?: unknown; param?: unknown };
  return {
    code: isErrorCode(code) ? code : 'internal_error',
    message: typeof message === 'string' ? message : 'The generation failed.',
    ...(typeof param === 'string' ? { param } : {}),
  };
}
