/** Whether a failure says that Postgres cannot be used just now (as against: what was asked of it is wrong). */
import { sqlState } from './transaction.js';

/** SQLSTATE classes: connection failures, out of resources, operator intervention (shutdown, starting, cancelled), lock not available. */
const outageStates = /^(08|53|57)|^55P03$/;
const outageKinds: ReadonlySet<unknown> = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TlsConnectionError',
]);
/** Prisma's own: not reachable, timed out, pool exhausted, transaction not started in time, connection closed. */
const outageCodes: ReadonlySet<unknown> = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037']);
/** The pool's and the driver's own plain errors carry no code. */
const outageMessages =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Query read timeout|Cannot use a pool after)/i;

export function isOutage(error: unknown): boolean {
  if (outageStates.test(sqlState(error) ?? '')) return true;
  for (let current: unknown = error, depth = 0; isRecord(current) && depth < 6; depth += 1) {
    if (outageCodes.has(current.code) || outageKinds.has(current.kind)) return true;
    if (typeof current.message === 'string' && outageMessages.test(current.message)) return true;
    const meta: unknown = current.meta;
    current = (isRecord(meta) ? meta.driverAdapterError : undefined) ?? current.cause;
  }
  return false;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
