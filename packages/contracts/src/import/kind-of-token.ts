/** What a bare token is, by its shape: access tokens are signed JWTs, session tokens encrypted ones, refresh tokens anything else. */
import type { ImportMode } from '../batches.js';
import type { ImportRow } from './import-row.js';

export type TokenField = 'accessToken' | 'sessionToken' | 'refreshToken';

export function kindOfToken(token: string): TokenField {
  const parts = token.split('.');
  if (!token.startsWith('eyJ')) return 'refreshToken';
  if (parts.length === 3) return 'accessToken';
  // Compact JWE: five parts, of which the second is empty where the key is used directly.
  return parts.length === 5 ? 'sessionToken' : 'refreshToken';
}

const fieldOfMode: Readonly<Record<Exclude<ImportMode, 'auto'>, TokenField>> = {
  offline: 'accessToken',
  access: 'accessToken',
  session: 'sessionToken',
  refresh: 'refreshToken',
};

/** A line of a list of tokens. The mode says what they are; without one, their shape does. */
export function rowOfToken(token: string, mode: ImportMode): ImportRow {
  return { [mode === 'auto' ? kindOfToken(token) : fieldOfMode[mode]]: token };
}

/** The secret that a mode begins with. */
export function tokenOfMode(row: ImportRow, mode: ImportMode): string | undefined {
  return mode === 'auto' ? (row.accessToken ?? row.sessionToken ?? row.refreshToken) : row[fieldOfMode[mode]];
}
