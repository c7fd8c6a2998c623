/** How much of a body is read, and whose memory it takes until the request has been accepted or answered. */
import type { IncomingMessage } from 'node:http';
import { AppError } from '@reelay/contracts/errors';
import type { Lease, MemoryBudget } from './memory-budget.js';

/** Bodies up to here are not counted. */
export const smallBodyBytes = 1024 * 1024;
/** Room for a video of 40 MiB as base64. */
export const largeBodyBytes = 64 * 1024 * 1024;

export interface BodyLimits {
  mostBytes: number;
  budget: MemoryBudget;
}

const leases = new WeakMap<IncomingMessage, Lease>();

/**
 * The body piece by piece. What it takes stays reserved after its end, until `releaseBody`.
 * @throws AppError `request_too_large`, `service_unavailable`, `invalid_request`
 */
export async function* readChunks(request: IncomingMessage, limits: BodyLimits): AsyncGenerator<Buffer> {
  const { mostBytes, budget } = limits;
  const announcedBytes = Number(request.headers['content-length'] ?? 0);
  let sizeBytes = 0;
  try {
    if (announcedBytes > mostBytes) throw tooLarge(mostBytes);
    if (announcedBytes > smallBodyBytes) await takeRoom(request, announcedBytes, budget);
    // The request must outlive a refusal, or the client would see a cut connection instead of the answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > mostBytes) throw tooLarge(mostBytes);
      if (sizeBytes > smallBodyBytes && !leases.has(request)) await takeRoom(request, mostBytes, budget);
      yield chunk;
    }
    leases.get(request)?.shrinkTo(sizeBytes);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('invalid_request', 'The connection broke while the body was read.', { cause: error });
  } finally {
    // What is left is read and dropped, so that the client gets to reading the answer.
    request.resume();
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
}

function tooLarge(mostBytes: number): AppError {
  return new AppError('request_too_large', `The body of this request may have at most ${mostBytes >> 20} MiB.`);
}
