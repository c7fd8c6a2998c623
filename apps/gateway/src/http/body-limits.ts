/** How much of a body is read, and whose memory it takes until the request has been accepted or answered. */
import type { IncomingMessage } from 'node:http';
import { AppError } from '@reelay/contracts/errors';
import type { Lease, MemoryBudget } from './memory-budget.js';
import { leastPace, Pace, type PaceRules } from './pace.js';

/** Bodies up to here are not counted. */
export const smallBodyBytes = 1024 * 1024;
/** Room for media of 26 MiB as base64; what is larger comes as a file of a form, or by its address. */
export const largeBodyBytes = 35 * 1024 * 1024;

export interface BodyLimits {
  mostBytes: number;
  budget: MemoryBudget;
  /** For a body of which only a part stays in memory: how much does so far, and the most it may be. */
  held?: { sizeBytes: () => number; mostBytes: number };
  /** While it is read others wait for its place; as for its room, they do so only as long as it comes fast enough. */
  hasPlace?: boolean;
  /** Another one only in tests. */
  pace?: PaceRules;
}

const leases = new WeakMap<IncomingMessage, Lease>();
const releases = new WeakMap<IncomingMessage, (() => void)[]>();

/**
 * The body piece by piece. What it takes stays reserved after its end, until `releaseBody`.
 * @throws AppError `request_too_large`, `service_unavailable`, `invalid_request`
 */
export async function* readChunks(request: IncomingMessage, limits: BodyLimits): AsyncGenerator<Buffer> {
  const { mostBytes, budget, held, hasPlace = false, pace = leastPace } = limits;
  const announcedBytes = Number(request.headers['content-length'] ?? 0);
  let sizeBytes = 0;
  try {
    if (announcedBytes > mostBytes) throw tooLarge(mostBytes);
    if (announcedBytes > smallBodyBytes && !held) await takeRoom(request, announcedBytes, budget);
    for await (const chunk of piecesOf(request, new Pace(pace), () => hasPlace || leases.has(request))) {
      sizeBytes += chunk.length;
      if (sizeBytes > mostBytes) throw tooLarge(mostBytes);
      const heldBytes = held ? held.sizeBytes() : sizeBytes;
      if (heldBytes > smallBodyBytes && !leases.has(request)) {
        await takeRoom(request, held?.mostBytes ?? mostBytes, budget);
      }
      yield chunk;
    }
    leases.get(request)?.shrinkTo(held ? held.sizeBytes() : sizeBytes);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('invalid_request', 'The connection broke while the body was read.', { cause: error });
  } finally {
    // What is left is read and dropped, so that the client gets to reading the answer.
    request.resume();
  }
}

async function* piecesOf(
  request: IncomingMessage,
  pace: Pace,
  isWaitedFor: () => boolean,
): AsyncGenerator<Buffer, undefined> {
  // The request must outlive a refusal, or the client would see a cut connection instead of the answer.
  const pieces = request.iterator({ destroyOnReturn: false }) as AsyncGenerator<Buffer, undefined>;
  let isComing = false;
  try {
    for (;;) {
      isComing = true;
      const next = await (isWaitedFor() ? pace.next(pieces.next()) : pieces.next());
      isComing = false;
      if (next.done) return undefined;
      yield next.value;
    }
  } finally {
    const isOver = pieces.return(undefined).then(
      () => request.resume(),
      () => {},
    );
    // Behind a piece that is still to come this waits for as long as the client likes.
    if (!isComing) await isOver;
  }
}

async function takeRoom(request: IncomingMessage, bytes: number, budget: MemoryBudget): Promise<void> {
  const lease = await budget.reserve(bytes);
  leases.set(request, lease);
  // Who left while waiting in line has had its `releaseBody` already, and gets no other.
  if (request.destroyed || request.socket.destroyed) releaseBody(request);
}

/** To be called when nothing of the body is needed any more; called again at the end of every answer. */
export function releaseBody(request: IncomingMessage): void {
  leases.get(request)?.release();
  leases.delete(request);
  const actions = releases.get(request) ?? [];
  releases.delete(request);
  for (const action of actions) action();
}

/** For what a body brought along beside its memory. At once for a client that has left. */
export function onRelease(request: IncomingMessage, action: () => void): void {
  if (request.socket.destroyed) action();
  else releases.set(request, [...(releases.get(request) ?? []), action]);
}

function tooLarge(mostBytes: number): AppError {
  return new AppError('request_too_large', `The body of this request may have at most ${mostBytes >> 20} MiB.`);
}
