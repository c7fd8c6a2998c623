/** One id names a request in its answer, in every log line about it and in what the client reports. */
import type { IncomingMessage } from 'node:http';
import { newUlid } from '@reelay/platform/ulid';

/** The client's own id where it is harmless to repeat in headers and logs, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : `req_${newUlid()}`;
}
