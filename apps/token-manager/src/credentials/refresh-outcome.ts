/** What a refresh is handed and what it ends in. */
import type { TokenManagerParts } from '../token-manager-parts.js';

/**
 * - `refreshed`: a newer credential is stored, by this call or another one.
 * - `held`: somebody else is at it.
 * - `busy`: so many others are being renewed that its turn has not come; nothing was begun.
 * - `failed`: it may be tried again later with the same secrets.
 * - `exhausted`: there is no way left to a new credential without a person.
 */
export type RefreshOutcome = { outcome: 'refreshed' | 'held' | 'busy' } | FailedRefresh;
export type FailedRefresh = { outcome: 'failed' | 'exhausted'; reason: string };

export type RefreshParts = Omit<TokenManagerParts, 'batches' | 'credentials' | 'lanes' | 'publisher' | 'queues'>;
