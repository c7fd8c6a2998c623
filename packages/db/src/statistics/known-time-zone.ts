/** The configured time zone as far as the database knows it: its list may be older than that of whoever configured it. */
import type { Database } from '../client.js';
import { sqlState } from '../transaction.js';

export const fallbackTimeZone = 'UTC';

/** Outside of a transaction, which a name that is not known would end. */
export async function knownTimeZone(database: Database, name: string): Promise<string> {
  try {
    await database.$queryRaw`SELECT now() AT TIME ZONE ${name}`;
    return name;
  } catch (error) {
    if (sqlState(error) === invalidParameterValue) return fallbackTimeZone;
    throw error;
  }
}

const invalidParameterValue = '22023';
