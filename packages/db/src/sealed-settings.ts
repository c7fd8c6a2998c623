/** Secrets of the installation that are changed while everything runs. Sealed by the caller for their key. */
import type { Queryable } from './client.js';

export async function readSealedSettings<Key extends string>(
  database: Queryable,
  keys: readonly Key[],
): Promise<Partial<Record<Key, string>>> {
  const rows = await database.sealedSetting.findMany({ where: { key: { in: [...keys] } } });
  return Object.fromEntries(rows.map(({ key, valueSealed }) => [key, valueSealed])) as Partial<Record<Key, string>>;
}

/** Null removes. */
export async function writeSealedSetting(database: Queryable, key: string, valueSealed: string | null): Promise<void> {
  if (valueSealed === null) {
    await database.sealedSetting.deleteMany({ where: { key } });
    return;
  }
  const value = { valueSealed, updatedAt: new Date() };
  await database.sealedSetting.upsert({ where: { key }, create: { key, ...value }, update: value });
}
