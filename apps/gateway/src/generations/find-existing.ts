/** A request that came before: the generation of its Idempotency-Key, or of the first try of an SDK that repeats it. */
import { AppError } from '@reelay/contracts/errors';
import { findGroup } from '@reelay/db/generations/find-group';
import { findRepeated, type Repeated } from '@reelay/db/generations/find-repeated';
import { claimRetry } from './claim-retry.js';
import type { CreatedGeneration, CreateGeneration, CreateGenerationParts } from './create-generation.js';
import type { Waiters } from './waiters.js';

export type Created = Omit<CreatedGeneration, 'work'>;
/** The first of its generations, by which a request is known. */
type First = Omit<Created, 'members'>;

/** Retries of an SDK come within minutes, each after at most `generation.waitMs`. */
const attachWindowMs = 30 * 60_000;
/** How long a retry waits for us to notice that the connection of the first try is gone. */
const noticeMs = 2_000;
const noticeStepMs = 200;

/**
 * Looked for before anything is fetched or stored: an address may be gone by the time a request is repeated.
 * @throws AppError `idempotency_key_reused`, `not_found`
 */
export async function findExisting(
  parts: CreateGenerationParts,
  command: CreateGeneration,
  requestHash: string,
): Promise<Created | undefined> {
  const attached = await attachIfRetry(parts, command, requestHash);
  if (attached !== undefined) return withMembers(parts, command, waitedFor(parts, attached));
  const { idempotencyKey: key } = command.marks;
  if (key === undefined) return undefined;
  const known = await findRepeated(parts.database, { ownerId: command.client.ownerId, key });
  return known && repeated(parts, command, { known, requestHash });
}

/** @throws AppError `idempotency_key_reused`, `not_found` */
export async function repeated(
  parts: CreateGenerationParts,
  command: CreateGeneration,
  { known, requestHash }: { known: Repeated; requestHash: string },
): Promise<Created> {
  if (known.requestHash !== requestHash) throw reusedKey();
  if (known.isDeleted) throw deletedMeanwhile();
  return withMembers(parts, command, { id: known.generationId, settle: async () => {} });
}

export function waitedFor({ waiters }: { waiters: Waiters }, id: string): First {
  return { id, settle: (isDelivered) => waiters.release(id, isDelivered) };
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

/** One that was deleted is missing, and without it there is no answer to the whole request. */
async function withMembers(
  { database }: CreateGenerationParts,
  { client: { ownerId }, count = 1 }: CreateGeneration,
  first: First,
): Promise<Created> {
  if (count === 1) return { ...first, members: [first.id] };
  try {
    const members = await findGroup(database, { groupId: first.id, ownerId });
    if (members.length !== count) throw deletedMeanwhile();
    return { ...first, members };
  } catch (error) {
    await first.settle(false);
    throw error;
  }
}

/** Made anew it would be paid for a second time, by a request that was perhaps only sent twice. */
function deletedMeanwhile(): AppError {
  return new AppError(
    'not_found',
    'A generation of this request was deleted meanwhile: send it as a new request (with a new Idempotency-Key) to make it again.',
  );
}

function reusedKey(): AppError {
  return new AppError(
    'idempotency_key_reused',
    'This Idempotency-Key was used for a different request before: send a new key with every new request.',
  );
}
