import { request as openRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { UpstreamFetch, UpstreamRequest, UpstreamResponse } from '@reelay/contracts/provider';
import { TransportError } from '@reelay/contracts/upstream-error';

/** The port's `fetch` in a few lines of node:http, with what the port promises about `beforeSend`. */
export const nodeFetch: UpstreamFetch = async (request) => {
  const url = new URL(request.url);
  const socket = await open(url);
  try {
    if (request.beforeSend) await announce(request.beforeSend);
    return await exchange(socket, url, request);
  } finally {
    socket.destroy();
  }
};

function open(url: URL): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () => resolve(socket));
    socket.once('error', (cause) => {
      reject(new TransportError(cause.message, { sent: false, phase: 'connect', cause }));
    });
  });
}

async function announce(beforeSend: NonNullable<UpstreamRequest['beforeSend']>): Promise<void> {
  try {
    const { commitStartedAt, freshMs } = await beforeSend();
    if (performance.now() - commitStartedAt > freshMs) throw new Error('too late');
  } catch (cause) {
    throw new TransportError((cause as Error).message, { sent: false, phase: 'before_send', cause });
  }
}

function exchange(socket: Socket, url: URL, request: UpstreamRequest): Promise<UpstreamResponse> {
  return new Promise((resolve, reject) => {
    const fail = (phase: 'response' | 'timeout', cause: Error) =>
      reject(new TransportError(cause.message, { sent: true, phase, cause }));
    const outgoing = openRequest(url, {
      method: request.method,
      headers: request.headers,
      createConnection: () => socket,
    });
    const timer = setTimeout(() => {
      fail('timeout', new Error('no answer in time'));
      socket.destroy();
    }, request.timeoutMs ?? 5_000);
    outgoing.on('error', (cause) => fail('response', cause));
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (cause) => fail('response', cause));
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        resolve({
          status: response.statusCode ?? 0,
          headers: plain(response.headers),
          text: bytes.toString('utf8'),
          bytes,
        });
      });
    });
    outgoing.end(request.body);
  });
}

function plain(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
