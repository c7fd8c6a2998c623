import { readFileSync } from 'node:fs';
import { hashApiKey, newApiKey } from '@reelay/platform/keys';
import type { Client as Database } from 'pg';
import { keyFile } from '../../tools/launcher/keys.mts';
import { call } from '../call.mts';
import type { Stack } from '../stack.mts';
import { Client } from './client.mts';

export interface Limits {
  accounts: number;
  slots: number;
  /** Generations that may be open: at all, and of one key. */
  open: number;
  openPerKey: number;
}

/** Who asks: one that floods the other, which stays below its own limit. */
export interface Clients {
  flooding: Client;
  other: Client;
}

export async function prepare(stack: Stack, database: Database, limits: Limits): Promise<Clients> {
  for (const [key, value] of [
    ['admission.open', limits.open],
    ['admission.openPerKey', limits.openPerKey],
  ] as const) {
    await database.query('INSERT INTO setting (key, value) VALUES ($1, $2)', [key, JSON.stringify(value)]);
  }
  await fillPool(stack, limits);
  const { gatewayUrl, apiKey } = stack.run;
  return { flooding: new Client(gatewayUrl, apiKey), other: new Client(gatewayUrl, await addKey(stack, database)) };
}

/** Accounts beyond the limit are switched off, so that every one has the same number of slots. */
async function fillPool({ run }: Stack, { accounts, slots }: Limits): Promise<void> {
  const admin = { authorization: `Bearer ${run.adminKey}` };
  const tokens = `${run.gatewayUrl}/api/admin/tokens`;
  for (let no = 0; no < Math.max(accounts, 3); no += 1) {
    const email = `${['free', 'plus', 'pro'][no] ?? `more-${no}`}@simulator.test`;
    const quota = { videos: 1_000_000 };
    const account = (await (no < 3
      ? call(`${run.simulatorUrl}/_sim/accounts/${email}`, 'PATCH', { quota })
      : call(`${run.simulatorUrl}/_sim/accounts`, 'POST', { email, quota }))) as Record<string, string>;
    const { accessToken, sessionToken, refreshToken } = account;
    const token = { target: 'simulator', label: email, accessToken, sessionToken, refreshToken, videoLimit: slots };
    const { id } = (await call(tokens, 'POST', token, admin)) as { id: string };
    await call(`${tokens}/${id}/test`, 'POST', undefined, admin);
    if (no >= accounts) await call(`${tokens}/${id}/disable`, 'POST', undefined, admin);
  }
}

async function addKey({ homeDir }: Stack, database: Database): Promise<string> {
  const key = newApiKey();
  const webKey = readFileSync(keyFile(homeDir, 'web'), 'utf8').trim();
  await database.query(
    `INSERT INTO api_key (id, owner_id, name, prefix, mac) VALUES ('other', 'default', 'other', 'other', decode($1, 'hex'))`,
    [hashApiKey(webKey, key)],
  );
  return key;
}
