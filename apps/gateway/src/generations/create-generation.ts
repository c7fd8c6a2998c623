/** From a checked request to a generation: attach a client's retry, or accept and ring. Every creating route comes through here. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '@reelay/contracts/canonical-json';
import { AppError } from '@reelay/contracts/errors';
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { Dialect } from '@reelay/contracts/ids';
import { laneKey } from '@reelay/contracts/lane';
import { getModel, laneOfModel } from '@reelay/contracts/models';
import type { Settings } from '@reelay/contracts/settings';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import type { Database } from '@reelay/db/client';
import { type Acceptance, type AcceptGeneration, acceptGeneration } from '@reelay/db/generations/accept-generation';
import { findGeneration } from '@reelay/db/generations/find-generation';
import { isOutage } from '@reelay/db/outage';
import type { Logger } from '@reelay/platform/logger';
import type { Queues } from '@reelay/platform/queues';
import { newUlid } from '@reelay/platform/ulid';
import type { RetryMarks } from '../http/retry-marks.js';
import { claimRetry } from './claim-retry.js';
import type { Settle } from './delivery.js';
import type { Waiters } from './waiters.js';

export interface CreateGeneration {
  client: ApiKeyIdentity;
  dialect: Dialect;
  request: GenerationRequest;
  /** Route and fields as parsed: equal ones are the same request. */
  fingerprint: { route: string; fields: unknown };
  marks: RetryMarks;
}

export interface CreatedGeneration {
  id: string;
  /** Tells the row how the request ended. */
  settle: Settle;
}

export interface CreateGenerationParts {
  database: Database;
  queues: Queues;
  waiters: Waiters;
  settings: { read(): Promise<Settings> };
  log: Logger;
}

const idempotencyKeepMs = 24 * 3_600_000;
/** Retries of an SDK come within minutes, each after at most `generation.waitMs`. */
const attachWindowMs = 30 * 60_000;
/** How long a retry waits for us to notice that the connection of the first try is gone. */
const noticeMs = 2_000;
const noticeStepMs = 200;

/** @throws AppError `model_not_available`, `idempotency_key_reused`, `service_unavailable` */
export async function createGeneration(
  parts: CreateGenerationParts,
  command: CreateGeneration,
): Promise<CreatedGeneration> {
  const requestHash = createHash('sha256').update(canonicalJson(command.fingerprint)).digest('hex');
  const attached = await attachIfRetry(parts, command, requestHash);
  if (attached !== undefined) return waitedFor(parts, attached);

  const model = getModel(command.request.model);
  const { idempotencyKey } = command.marks;
  const accept: AcceptGeneration = {
    id: newUlid(),
    ownerId: command.client.ownerId,
    apiKeyId: command.client.apiKeyId,
    dialect: command.dialect,
    provider: model.provider,
    lane: laneKey(laneOfModel(model)),
    request: command.request,
    requestHash,
    deadlineMs: (await parts.settings.read())['generation.deadlineMs'],
    waiter: parts.waiters.key,
    ...(idempotencyKey === undefined ? {} : { idempotency: { key: idempotencyKey, keepMs: idempotencyKeepMs } }),
  };
  const acceptance = await acceptOnce(parts, accept);
  switch (acceptance.outcome) {
    case 'accepted':
      parts.log.info({ generationId: accept.id, model: model.id, ownerId: accept.ownerId }, 'generation accepted');
      // The row is the outbox: a bell that Redis does not take is rung by a timer.
      void parts.queues.enqueue('dispatch', {});
      return waitedFor(parts, accept.id);
    case 'unserved':
      throw unserved(model.id, acceptance.reason);
    case 'repeated':
      if (acceptance.requestHash !== requestHash) throw reusedKey();
      return { id: acceptance.generationId, settle: async () => {} };
  }
}

async function attachIfRetry(
  parts: CreateGenerationParts,
  { client, marks }: CreateGeneration,
  requestHash: string,
): Promise<string | undefined> {
  // With a key of the client's own making nothing needs to be guessed.
  if (marks.retryCount < 1 || marks.idempotencyKey !== undefined) return undefined;
  const attach = { ownerId: client.ownerId, requestHash, waiter: parts.waiters.key, windowMs: attachWindowMs };
  let attachment = await claimRetry(parts, attach);
  for (let waitedMs = 0; attachment.outcome === 'busy' && waitedMs < noticeMs; waitedMs += noticeStepMs) {
    await new Promise((resolve) => setTimeout(resolve, noticeStepMs));
    attachment = await claimRetry(parts, attach);
  }
  if (attachment.outcome !== 'attached') return undefined;
  parts.log.info(
    { generationId: attachment.generationId, retryCount: marks.retryCount },
    'retry attached to its generation',
  );
  return attachment.generationId;
}

/** A connection that breaks during the commit leaves the outcome open; the row itself says what became of it. */
async function acceptOnce({ database, waiters }: CreateGenerationParts, accept: AcceptGeneration): Promise<Acceptance> {
  waiters.hold(accept.id);
  try {
    const acceptance = await acceptGeneration(database, accept);
    if (acceptance.outcome !== 'accepted') waiters.drop(accept.id);
    return acceptance;
  } catch (error) {
    if (!isOutage(error)) {
      waiters.drop(accept.id);
      throw error;
    }
    const written = await findGeneration(database, accept).catch(() => undefined);
    if (written) return { outcome: 'accepted' };
    // It may still turn out to be there: then the client's retry is to attach, not to pay again.
    void waiters.release(accept.id, false);
    throw error;
  }
}

function waitedFor({ waiters }: CreateGenerationParts, id: string): CreatedGeneration {
  return { id, settle: (isDelivered) => waiters.release(id, isDelivered) };
}

function unserved(modelId: string, reason: string | null): AppError {
  const because = reason === null ? '' : ` (${reason})`;
  return new AppError(
    'model_not_available',
    `No account of this installation can serve "${modelId}"${because}. Ask the operator to add one, or choose another model.`,
    { param: 'model' },
  );
}

function reusedKey(): AppError {
  return new AppError(
    'idempotency_key_reused',
    'This Idempotency-Key was used for a different request before: send a new key with every new request.',
  );
}
