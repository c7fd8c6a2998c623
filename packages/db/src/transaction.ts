/** Transactions with the retries that Postgres asks for, and reading of its error codes through Prisma's wrappers. */
import type { Database, Transaction } from './client.js';

const retryable = new Set(['40001', '40P01']);
const maximumTries = 3;

/**
 * Serialization failures and deadlocks are repeated at most three times. Nothing inside may touch a network, and the work must
 * not keep state between tries. Lock order: generation → attempt → slot → token → usage.
 */
export async function inTransaction<Result>(
  database: Database,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  return repeatIfAsked(() => database.$transaction(work, { maxWait: 5_000, timeout: 15_000 }));
}

/** The same for a single statement, which is a transaction of its own. Not for one inside a transaction: that has failed as a whole. */
export async function repeatIfAsked<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries >= maximumTries || !retryable.has(sqlState(error) ?? '')) throw error;
    }
  }
}

/** Postgres' five-character SQLSTATE from whatever Prisma or pg threw; Prisma's own unique-violation code is translated. */
export function sqlState(error: unknown): string | undefined {
  for (let current: unknown = error, depth = 0; isRecord(current) && depth < 6; depth += 1) {
    const { code, originalCode } = current;
    if (typeof originalCode === 'string' && sqlStatePattern.test(originalCode)) return originalCode;
    if (typeof code === 'string') {
      if (code === 'P2002') return '23505';
      if (code === 'P2034') return '40001';
      if (sqlStatePattern.test(code)) return code;
    }
    const meta: unknown = current.meta;
    const driverError = isRecord(meta) ? meta.driverAdapterError : undefined;
    current = driverError ?? current.cause;
  }
  return undefined;
}

export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === '23505';
}

/** Not Prisma's own codes (P1xxx to P6xxx), which look the same: P2010 of a raw query hides the real one in its meta. */
const sqlStatePattern = /^(?!P[1-9]\d{3}$)[0-9A-Z]{5}$/;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
