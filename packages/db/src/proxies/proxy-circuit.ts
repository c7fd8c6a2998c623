/**
 * What submits tell about proxies, for all accounts behind one: after some faults in a row it is given no work until a time that grows,
 * then the next work is the trial. An answer of the upstream, whatever it says, shows that the proxy works.
 */
import { routeKey } from '../attempts/route-key.js';
import type { Queryable, Transaction } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { proxyOfToken } from '../tokens/proxy-of-token.js';

export interface ProxyFault {
  attemptId: string;
  /** For people. */
  reason: string;
  /** Faults in a row from which nothing goes there. */
  threshold: number;
  /** For how long at first, and at the most. */
  openMs: number;
  longestMs: number;
}

/**
 * Only the first of those that were on their way when it was found dead counts. Nothing where the attempt has no proxy. The last thing a
 * transaction locks.
 */
export async function noteProxyFault(tx: Transaction, fault: ProxyFault): Promise<void> {
  const { attemptId, reason, threshold, openMs, longestMs } = fault;
  const openFor = (faults: Prisma.Sql) => Prisma.sql`
    CASE WHEN ${faults} >= ${threshold}::integer THEN
      now() + least(${openMs} * power(2, least(${faults} - ${threshold}::integer, 30)), ${longestMs}) * interval '1 millisecond' END`;
  await tx.$executeRaw`
    INSERT INTO proxy_circuit (route, faults, reason, open_until)
    SELECT ${routeKey}, 1, ${reason}, ${openFor(Prisma.sql`1`)}
    FROM submit_attempt AS attempt WHERE id = ${attemptId} AND proxy_sealed IS NOT NULL
    ON CONFLICT (route) DO UPDATE SET
      faults = proxy_circuit.faults + 1, reason = excluded.reason, last_fault_at = now(),
      open_until = ${openFor(Prisma.sql`(proxy_circuit.faults + 1)`)}
      WHERE proxy_circuit.open_until IS NULL OR proxy_circuit.open_until <= now()`;
}

/** The upstream answered through the attempt's proxy. The last thing a transaction locks. */
export async function noteProxyAnswer(tx: Transaction, attemptId: string): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM proxy_circuit USING submit_attempt AS attempt WHERE attempt.id = ${attemptId} AND route = ${routeKey}`;
}

const route = Prisma.sql`md5(${proxyOfToken.sealed} || ${proxyOfToken.place})`;

/** Until when the account of the row of `token` at hand cannot be reached through its proxy. Null, and cheap, where nothing is wrong. */
export const cutOffUntil = Prisma.sql`
  CASE WHEN EXISTS (SELECT FROM proxy_circuit WHERE open_until > now()) THEN
    (SELECT open_until FROM proxy_circuit WHERE route = ${route} AND open_until > now()) END`;

export interface CutOff {
  until: Date;
  reason: string;
}

/** Undefined while the account's proxy is not known to be dead. */
export async function findCutOff(database: Queryable, tokenId: string): Promise<CutOff | undefined> {
  const [found] = await database.$queryRaw<CutOff[]>`
    SELECT open_until AS until, reason FROM proxy_circuit
    WHERE open_until > now() AND route = (SELECT ${route} FROM token WHERE id = ${tokenId})`;
  return found;
}

/** Rows of proxies that nobody has used for a day tell nothing; those of proxies that were replaced are never used again. */
export async function forgetProxyFaults(database: Queryable): Promise<number> {
  return database.$executeRaw`DELETE FROM proxy_circuit WHERE last_fault_at < now() - interval '1 day'`;
}
