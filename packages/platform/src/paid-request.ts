import type { Socket } from 'node:net';
import type { BeforeSend } from '@reelay/contracts/provider';
import { TransportError } from '@reelay/contracts/upstream-error';
import { Client } from 'undici';
import { ConnectError } from './connect-error.js';
import type { Dial } from './http-connect.js';
import { type ExchangeOptions, type ExchangeResult, exchange } from './http-exchange.js';

export interface PaidRequest extends ExchangeOptions {
  readonly dial: Dial;
  /** Awaited once, with the connection standing and nothing sent. */
  readonly beforeSend: BeforeSend;
  readonly monotonicNowMs: () => number;
}

/**
 * The one request that costs money: connect, then `beforeSend`, then write, on a connection of its own that never carried anything
 * else, so that a stale kept-alive socket cannot make its outcome unknown. Its timeout runs from the write, and after the write
 * nothing of ours cuts it off: an abandoned paid request is a lost answer.
 */
export async function sendPaidRequest(request: PaidRequest): Promise<ExchangeResult> {
  const socket = await connect(request);
  const idle = watchIdle(socket);
  let client: Client | undefined;
  try {
    refuseCancelled(request);
    const { commitStartedAt, freshMs } = await announce(request);
    const whyNotWrite = () => {
      if (request.signal?.aborted) return 'the call was cancelled before it was sent';
      // Who finds a committed `sent` older than this may be reconciling already: then it is too late to write.
      if (request.monotonicNowMs() - commitStartedAt <= freshMs) return undefined;
      return `more than ${freshMs} ms passed between commit and first byte`;
    };
    if (idle.isGone())
      throw new TransportError('the upstream hung up before the request', { sent: false, phase: 'connect' });
    idle.stop();
    client = clientOver(socket, request.origin);
    return await exchange(client, { ...request, signal: undefined, whyNotWrite });
  } finally {
    client?.destroy().catch(() => {});
    socket.destroy();
  }
}

async function connect(request: PaidRequest): Promise<Socket> {
  refuseCancelled(request);
  try {
    return await request.dial(new URL(request.origin));
  } catch (cause) {
    const hop = cause instanceof ConnectError ? cause.hop : 'upstream';
    throw new TransportError((cause as Error).message, { sent: false, phase: 'connect', hop, cause });
  }
}

/** Before anything is committed for a request that nobody wants any more. */
function refuseCancelled({ signal }: PaidRequest): void {
  if (signal?.aborted) throw new TransportError('the call was cancelled', { sent: false, phase: 'connect' });
}

async function announce(request: PaidRequest): ReturnType<BeforeSend> {
  try {
    return await request.beforeSend();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'beforeSend refused';
    throw new TransportError(reason, { sent: false, phase: 'before_send', cause });
  }
}

/** While the connection waits for `beforeSend`, any byte or end from the other side makes it useless. */
function watchIdle(socket: Socket): { isGone: () => boolean; stop: () => void } {
  let isGone = false;
  const gone = () => {
    isGone = true;
  };
  const events = ['readable', 'end', 'close', 'error'] as const;
  for (const event of events) socket.on(event, gone);
  return {
    isGone: () => isGone || socket.destroyed,
    stop: () => {
      for (const event of events) socket.off(event, gone);
    },
  };
}

function clientOver(socket: Socket, origin: string): Client {
  let isTaken = false;
  return new Client(origin, {
    allowH2: false,
    pipelining: 0,
    connect: (_options, callback) => {
      if (isTaken) return callback(new Error('a paid request has one connection'), null);
      isTaken = true;
      // Not in this tick: undici resumes its queue only from outside of the call that asked for the connection.
      queueMicrotask(() => callback(null, socket));
    },
  });
}
