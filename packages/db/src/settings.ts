/** Run-time settings with a short cache, so that an edit takes effect everywhere within two seconds and reading costs nothing. */
import { defaultSettings, readSettings, type Settings } from '@reelay/contracts/settings';
import type { Database, Queryable } from './client.js';
import { repeatIfAsked } from './transaction.js';

const freshMs = 2_000;
/** From here on they are read again while the known ones are still given: nobody waits for it who comes often. */
const agingMs = 1_000;

export interface SettingsReader {
  /** The settings now; the last known ones when the database cannot be asked. */
  read(): Promise<Settings>;
}

export function createSettingsReader(database: Database, now: () => number = Date.now): SettingsReader {
  let settings = defaultSettings;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<Settings> | undefined;

  async function refresh(): Promise<Settings> {
    try {
      const askedAt = now();
      settings = await loadSettings(database);
      readAt = askedAt;
    } catch {
      // Whoever needs the database for more than a setting will meet the failure itself.
    } finally {
      reading = undefined;
    }
    return settings;
  }

  return {
    async read() {
      const ageMs = now() - readAt;
      if (ageMs >= agingMs) reading ??= refresh();
      return ageMs < freshMs || reading === undefined ? settings : reading;
    },
  };
}

export async function loadSettings(database: Queryable): Promise<Settings> {
  const rows = await database.setting.findMany({ select: { key: true, value: true } });
  return readSettings(rows).settings;
}

export async function writeSettings(database: Database, values: Partial<Settings>): Promise<void> {
  for (const [key, value] of Object.entries(values)) {
    // Some of them change rows of other tables with them, which may be in the way of others.
    await repeatIfAsked(() =>
      database.setting.upsert({ where: { key }, create: { key, value }, update: { value, updatedAt: new Date() } }),
    );
  }
}
