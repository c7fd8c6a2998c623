/** What an operator does with one key. Every function throws `not_found` where there is none. */
import type { ApiKeyView, ChangeApiKey } from '@reelay/contracts/api-keys';
import { AppError } from '@reelay/contracts/errors';
import type { Settings } from '@reelay/contracts/settings';
import type { UsageQuery, UsageReport } from '@reelay/contracts/usage';
import { findApiKeyView } from '@reelay/db/api-keys/list-api-keys';
import { changeApiKey, deleteApiKey } from '@reelay/db/api-keys/store-api-key';
import type { Database } from '@reelay/db/client';
import { readUsage } from '@reelay/db/usage/read-usage';
import type { Logger } from '@reelay/platform/logger';

export interface KnownApiKeyParts {
  database: Database;
  settings: { read(): Promise<Settings> };
  log: Logger;
}

export async function showApiKey({ database }: KnownApiKeyParts, id: string): Promise<ApiKeyView> {
  return (await findApiKeyView(database, id)) ?? noKey(id);
}

export async function changeKnownApiKey(
  { database, log }: KnownApiKeyParts,
  id: string,
  changes: ChangeApiKey,
): Promise<ApiKeyView> {
  const changed = (await changeApiKey(database, id, changes)) ?? noKey(id);
  log.info({ apiKeyId: id, fields: Object.keys(changes) }, 'API key changed');
  return changed;
}

export async function deleteKnownApiKey(
  { database, log }: KnownApiKeyParts,
  id: string,
): Promise<{ id: string; deleted: true }> {
  if (!(await deleteApiKey(database, id))) noKey(id);
  log.info({ apiKeyId: id }, 'API key deleted');
  return { id, deleted: true };
}

/** Also of a key that was deleted: what it used is the bill. */
export async function readUsageOfApiKey(
  { database, settings }: KnownApiKeyParts,
  apiKeyId: string,
  query: UsageQuery,
): Promise<UsageReport> {
  const known = await database.apiKey.findUnique({ where: { id: apiKeyId }, select: { id: true } });
  if (!known) noKey(apiKeyId);
  const timeZone = (await settings.read())['statistics.timeZone'];
  return readUsage(database, { ...query, apiKeyId, timeZone });
}

function noKey(id: string): never {
  throw new AppError('not_found', `There is no API key "${id}": GET /api/admin/api-keys lists them.`);
}
