/** The key an operator gives by configuration: one row under a fixed id, whose secret follows the configuration. */
import type { Database } from '../client.js';
import { ensureOwner } from '../owners/ensure-owner.js';
import { inTransaction } from '../transaction.js';

export interface ConfiguredApiKey {
  id: string;
  ownerId: string;
  name: string;
  /** First characters, for people. */
  prefix: string;
  /** HMAC under the web key, 64 hex characters. */
  macHex: string;
}

/**
 * After this the secret works and any earlier one of the same id does not. A secret that already exists under another id is left
 * where it is: it works, and two rows may not share it.
 */
export async function ensureApiKey(database: Database, key: ConfiguredApiKey): Promise<void> {
  const mac = Buffer.from(key.macHex, 'hex');
  await inTransaction(database, async (tx) => {
    await ensureOwner(tx, { id: key.ownerId, name: key.ownerId });
    await tx.$executeRaw`
      INSERT INTO api_key (id, owner_id, name, prefix, mac)
      SELECT ${key.id}, ${key.ownerId}, ${key.name}, ${key.prefix}, ${mac}
      WHERE NOT EXISTS (SELECT FROM api_key WHERE mac = ${mac} AND id <> ${key.id})
      ON CONFLICT (id) DO UPDATE SET mac = EXCLUDED.mac, prefix = EXCLUDED.prefix, revoked_at = NULL, deleted_at = NULL
      WHERE api_key.mac <> EXCLUDED.mac OR api_key.revoked_at IS NOT NULL`;
  });
}
