/** From a checked request to a generation: attach a client's retry, or accept and ring. Every creating route comes through here. */

import { AppError } from '@reelay/contracts/errors';
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { Dialect } from '@reelay/contracts/ids';
import { laneKey } from '@reelay/contracts/lane';
import { laneOfRequest } from '@reelay/contracts/lane-of-request';
import type { Model } from '@reelay/contracts/models';
import { planRequest } from '@reelay/contracts/request/plan-request';
import type { RequestInput } from '@reelay/contracts/request/request-input';
import type { Settings } from '@reelay/contracts/settings';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import { type Acceptance, type AcceptGeneration, acceptGeneration } from '@reelay/db/generations/accept-generation';
import { findGeneration } from '@reelay/db/generations/find-generation';
import { findRepeated, type Repeated } from '@reelay/db/generations/find-repeated';
import { isOutage } from '@reelay/db/outage';
import { crashPoint } from '@reelay/platform/crash-point';
import type { Logger } from '@reelay/platform/logger';
import type { Queues } from '@reelay/platform/queues';
import { newUlid } from '@reelay/platform/ulid';
import type { RetryMarks } from '../http/retry-marks.js';
import { readMediaInput } from '../references/read-media-input.js';
import { type StoreReferencesParts, storeReferences } from '../references/store-references.js';
import { claimRetry } from './claim-retry.js';
import type { Settle } from './delivery.js';
import { hashRequest } from './hash-request.js';
import { type PlannedWork, workOf } from './planned-work.js';
import { limitsOf, refusalError } from './refusal-error.js';
import { refuseUnserved } from './refuse-unserved.js';
import { resolveParent } from './resolve-parent.js';
import type { Waiters } from './waiters.js';

export interface CreateGeneration {
  client: ApiKeyIdentity;
  dialect: Dialect;
  /** Equal input on the same route is the same request. */
  route: string;
  model: Model;
  input: RequestInput;
  marks: RetryMarks;
  /** Whether the client has left: what was not accepted by then is not accepted any more, for its retry may be on its way. */
  isGone: () => boolean;
}

export interface CreatedGeneration {
  id: string;
  work: PlannedWork;
  /** Tells the row how the request ended. */
  settle: Settle;
}

export interface CreateGenerationParts extends StoreReferencesParts {
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

/**
 * Everything that can be wrong with a request is found here, before there is a row.
 *
 * @throws AppError those of `planRequest`, `readMediaInput`, `resolveParent`, `storeReferences`; `model_not_available`,
 * `no_account_in_service`, `queue_full`, `rate_limit_exceeded`, `idempotency_key_reused`, `service_unavailable`
 */
export async function createGeneration(
  parts: CreateGenerationParts,
  command: CreateGeneration,
): Promise<CreatedGeneration> {
  const { model, input, client } = command;
  const planned = planRequest(model, input);
  const media = await Promise.all(planned.media.map(readMediaInput));
  const requestHash = hashRequest({ route: command.route, model, input, media });
  const work = workOf(planned);
  const existing = await findExisting(parts, command, requestHash);
  if (existing) return { ...existing, work };

  const settings = await parts.settings.read();
  const { workflow } = planned.request;
  const { parent, tokenId } = await resolveParent(parts.database, {
    ...{ parent: planned.parent, workflow, ownerId: client.ownerId, settings },
  });
  const wanted: GenerationRequest = { ...planned.request, references: [], ...(parent ? { parent } : {}) };
  const lane = laneOfRequest(model, wanted, tokenId);
  const { 'generation.deadlineMs': deadlineMs } = settings;
  const limits = limitsOf(settings);
  if (media.length > 0 || tokenId !== undefined) {
    await refuseUnserved(parts.database, { model, lane, apiKeyId: client.apiKeyId, deadlineMs, limits });
  }
  const references = await storeReferences(parts, { ownerId: client.ownerId, media, settings });
  if (command.isGone())
    throw new AppError('invalid_request', 'The connection was closed before the request was accepted.');
  const accepted = await accept(parts, command, {
    ...{ request: { ...wanted, references }, lane: laneKey(lane), requestHash },
    ...{ deadlineMs, limits },
  });
  return { ...accepted, work };
}

type Created = Pick<CreatedGeneration, 'id' | 'settle'>;

/** Looked for before anything is fetched or stored: an address may be gone by the time a request is repeated. */
async function findExisting(
  parts: CreateGenerationParts,
  command: CreateGeneration,
  requestHash: string,
): Promise<Created | undefined> {
  const attached = await attachIfRetry(parts, command, requestHash);
  if (attached !== undefined) return waitedFor(parts, attached);
  const { idempotencyKey: key } = command.marks;
  if (key === undefined) return undefined;
  const known = await findRepeated(parts.database, { ownerId: command.client.ownerId, key });
  return known && repeated(known, requestHash);
}

async function accept(
  parts: CreateGenerationParts,
  { client, dialect, model, marks: { idempotencyKey } }: CreateGeneration,
  work: Pick<AcceptGeneration, 'request' | 'lane' | 'requestHash' | 'deadlineMs' | 'limits'>,
): Promise<Created> {
  const accept: AcceptGeneration = {
    ...work,
    id: newUlid(),
    ownerId: client.ownerId,
    apiKeyId: client.apiKeyId,
    dialect,
    provider: model.provider,
    waiter: parts.waiters.key,
    ...(idempotencyKey === undefined ? {} : { idempotency: { key: idempotencyKey, keepMs: idempotencyKeepMs } }),
  };
  const acceptance = await acceptOnce(parts, accept);
  switch (acceptance.outcome) {
    case 'accepted':
      parts.log.info({ generationId: accept.id, model: model.id, ownerId: accept.ownerId }, 'generation accepted');
      crashPoint('accept.before-bell');
      // The row is the outbox: a bell that Redis does not take is rung by a timer.
      void parts.queues.enqueue('dispatch', {});
      crashPoint('accept.before-answer');
      return waitedFor(parts, accept.id);
    case 'repeated':
      return repeated(acceptance, work.requestHash);
    default:
      throw refusalError(acceptance, model.id);
  }
}

/** @throws AppError `idempotency_key_reused`, `not_found` */
function repeated(known: Repeated, requestHash: string): Created {
  if (known.requestHash !== requestHash) throw reusedKey();
  if (known.isDeleted) throw deletedMeanwhile();
  return { id: known.generationId, settle: async () => {} };
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
    crashPoint('accept.before-commit');
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

function waitedFor({ waiters }: CreateGenerationParts, id: string): Created {
  return { id, settle: (isDelivered) => waiters.release(id, isDelivered) };
}

/** Made anew it would be paid for a second time, by a request that was perhaps only sent twice. */
function deletedMeanwhile(): AppError {
  return new AppError(
    'not_found',
    'The generation of this Idempotency-Key was deleted: send a new key to make another one.',
  );
}

function reusedKey(): AppError {
  return new AppError(
    'idempotency_key_reused',
    'This Idempotency-Key was used for a different request before: send a new key with every new request.',
  );
}
