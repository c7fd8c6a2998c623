/** A key for a client: made here and shown this once, or brought along and not shown at all. */
import type { CreateApiKey, CreatedApiKey } from '@reelay/contracts/api-keys';
import { AppError } from '@reelay/contracts/errors';
import { insertApiKey } from '@reelay/db/api-keys/store-api-key';
import type { Database } from '@reelay/db/client';
import { beginningOfApiKey, equalSecrets, newApiKey } from '@reelay/platform/keys';
import type { Logger } from '@reelay/platform/logger';
import { newUlid } from '@reelay/platform/ulid';

export interface CreateApiKeyParts {
  database: Database;
  hashApiKey: (key: string) => string;
  adminKey: string;
  log: Logger;
}

/** @throws AppError `invalid_value` */
export async function createApiKey(parts: CreateApiKeyParts, body: CreateApiKey): Promise<CreatedApiKey> {
  const { name, ownerId, key: given, ...fields } = body;
  if (given !== undefined && equalSecrets(given, parts.adminKey))
    throw refused('is the admin key, which must not be a client’s as well: choose another one');
  const id = newUlid();
  const key = given ?? newApiKey();
  const row = { id, ownerId: ownerId ?? id, name, prefix: beginningOfApiKey(key), macHex: parts.hashApiKey(key) };
  const made = await insertApiKey(parts.database, row, fields);
  if (!made) throw refused('belongs to a key that exists already: change that one, or delete it first');
  parts.log.info({ apiKeyId: id, ownerId: row.ownerId, isImported: given !== undefined }, 'API key made');
  return given === undefined ? { ...made, key } : made;
}

function refused(why: string): AppError {
  return new AppError('invalid_value', `"key" is not valid: it ${why}.`, { param: 'key' });
}
