/** From a checked request to a generation: attach a client's retry, or accept and ring. Every creating route comes through here. */

import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { Dialect } from '@reelay/contracts/ids';
import { laneKey } from '@reelay/contracts/lane';
import { laneOfRequest } from '@reelay/contracts/lane-of-request';
import type { Model } from '@reelay/contracts/models';
import { planRequest } from '@reelay/contracts/request/plan-request';
import type { RequestInput } from '@reelay/contracts/request/request-input';
import type { Settings } from '@reelay/contracts/settings';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import type { Acceptance, AcceptGeneration } from '@reelay/db/generations/accept-generation';
import { acceptGroup, type Group } from '@reelay/db/generations/accept-group';
import { findGeneration, type Generation } from '@reelay/db/generations/find-generation';
import { clientGone, type GatheredAccepts } from '@reelay/db/generations/gathered-accepts';
import { isOutage } from '@reelay/db/outage';
import { crashPoint } from '@reelay/platform/crash-point';
import type { Logger } from '@reelay/platform/logger';
import { newUlid } from '@reelay/platform/ulid';
import type { RetryMarks } from '../http/retry-marks.js';
import { copyReferences } from '../references/copy-references.js';
import { readMediaInput } from '../references/read-media-input.js';
import { resolveFiles } from '../references/resolve-files.js';
import { type StoreReferencesParts, storeReferences } from '../references/store-references.js';
import type { Bell } from './bell.js';
import type { Settle } from './delivery.js';
import { type Created, findExisting, repeated, waitedFor } from './find-existing.js';
import { hashRequest } from './hash-request.js';
import { nameCharacters } from './name-characters.js';
import { type PlannedWork, workOf } from './planned-work.js';
import { limitsOf, refusalError } from './refusal-error.js';
import { refuseForbidden } from './refuse-forbidden.js';
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
  /** Generations that this one request makes: all of them are accepted, or none. One, if not given. */
  count?: number;
  marks: RetryMarks;
  /** Whether the client has left: what was not accepted by then is not accepted any more, for its retry may be on its way. */
  isGone: () => boolean;
}

export interface CreatedGeneration {
  /** Of the first: the request is known by it. */
  id: string;
  /** All of them, in their order. */
  members: readonly string[];
  work: PlannedWork;
  /** Tells the row how the request ended. */
  settle: Settle;
  /** What it has just become, where nobody needs to ask for it. */
  fresh?: Generation | undefined;
}

export interface CreateGenerationParts extends StoreReferencesParts {
  bell: Bell;
  waiters: Waiters;
  accepts: GatheredAccepts;
  settings: { read(): Promise<Settings> };
  log: Logger;
}

const idempotencyKeepMs = 24 * 3_600_000;

/**
 * Everything that can be wrong with a request is found here, before there is a row.
 *
 * @throws AppError `model_not_allowed`; those of `planRequest`, `readMediaInput`, `resolveParent`, `storeReferences`; `model_not_available`,
 * `no_account_in_service`, `queue_full`, `rate_limit_exceeded`, `insufficient_quota`, `idempotency_key_reused`, `service_unavailable`
 */
export async function createGeneration(
  parts: CreateGenerationParts,
  command: CreateGeneration,
): Promise<CreatedGeneration> {
  const { model, input, client } = command;
  const given = await resolveFiles(parts.database, client.ownerId, input);
  const planned = planRequest(model, await nameCharacters(parts, given, client));
  refuseForbidden(client, model, planned.request.kind);
  const media = await Promise.all(planned.media.map(readMediaInput));
  const requestHash = hashRequest({ route: command.route, model, input, media });
  const work = workOf(planned);
  const existing = await findExisting(parts, command, requestHash);
  if (existing) return { ...existing, work };

  const settings = await parts.settings.read();
  const { workflow } = planned.request;
  const { parent, tokenId, continued } = await resolveParent(parts.database, {
    ...{ parent: planned.parent, workflow, input, ownerId: client.ownerId, settings },
  });
  // An extension comes out as the whole video, in the size of what it continues; its `seconds` stay what is asked of the upstream.
  const whole = continued && { ...continued, frames: continued.frames + planned.request.frames };
  const wanted: GenerationRequest = { ...planned.request, ...whole, references: [], ...(parent ? { parent } : {}) };
  const lane = laneOfRequest(model, wanted, tokenId);
  const { 'generation.deadlineMs': deadlineMs } = settings;
  const limits = limitsOf(settings);
  if (media.length > 0 || tokenId !== undefined) {
    const { apiKeyId } = client;
    await refuseUnserved(parts.database, { model, lane, apiKeyId, count: command.count ?? 1, deadlineMs, limits });
  }
  const references = await storeReferences(parts, { ownerId: client.ownerId, media, settings });
  const requests = [{ ...wanted, references }];
  for (let n = 1; n < (command.count ?? 1) && !command.isGone(); n += 1) {
    requests.push({ ...wanted, references: await copyReferences(parts, references) });
  }
  if (command.isGone()) throw clientGone();
  const accepted = await accept(parts, command, requests, { lane: laneKey(lane), requestHash, deadlineMs, limits });
  return { ...accepted, work };
}

async function accept(
  parts: CreateGenerationParts,
  command: CreateGeneration,
  requests: readonly GenerationRequest[],
  work: Pick<AcceptGeneration, 'lane' | 'requestHash' | 'deadlineMs' | 'limits'>,
): Promise<Created> {
  const { client, dialect, model, marks } = command;
  const of = { ...work, ownerId: client.ownerId, apiKeyId: client.apiKeyId, dialect, provider: model.provider };
  const accepts = requests.map((request) => ({ ...of, request, id: newUlid(), waiter: parts.waiters.key }));
  const [first, ...others] = accepts as [AcceptGeneration, ...AcceptGeneration[]];
  const { idempotencyKey: key } = marks;
  const named = key === undefined ? first : { ...first, idempotency: { key, keepMs: idempotencyKeepMs } };
  const acceptance = await acceptOnce(parts, [named, ...others], command.isGone);
  switch (acceptance.outcome) {
    case 'accepted': {
      const members = accepts.map(({ id }) => id);
      for (const generationId of members) {
        parts.log.info({ generationId, model: model.id, ownerId: client.ownerId }, 'generation accepted');
      }
      crashPoint('accept.before-bell');
      // The row is the outbox: a bell that Redis does not take is rung by a timer.
      parts.bell.ring();
      crashPoint('accept.before-answer');
      return { ...waitedFor(parts, first.id), members, fresh: acceptance.generation };
    }
    case 'repeated':
      return repeated(parts, command, { known: acceptance, requestHash: work.requestHash });
    default:
      throw refusalError(acceptance, model.id);
  }
}

/** A connection that breaks during the commit leaves the outcome open; the row itself says what became of it. */
async function acceptOnce(
  { database, waiters, ...parts }: CreateGenerationParts,
  accepts: Group,
  isGone: () => boolean,
): Promise<Acceptance> {
  const [first] = accepts;
  waiters.hold(first.id);
  try {
    crashPoint('accept.before-commit');
    // A group has a connection while it waits for another one. One of this process may do so; the pool is for everybody.
    const acceptance = await (accepts.length === 1
      ? parts.accepts.accept(first, isGone)
      : waiters.inTurn('groups', () => acceptGroup(database, accepts)));
    if (acceptance.outcome !== 'accepted') waiters.drop(first.id);
    return acceptance;
  } catch (error) {
    if (!isOutage(error)) {
      waiters.drop(first.id);
      throw error;
    }
    const written = await findGeneration(database, first).catch(() => undefined);
    if (written) return { outcome: 'accepted' };
    // It may still turn out to be there: then the client's retry is to attach, not to pay again.
    void waiters.release(first.id, false);
    throw error;
  }
}
