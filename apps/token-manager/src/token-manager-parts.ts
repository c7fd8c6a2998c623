/** What every part of the token-manager is handed. Made once, by hand, in `create-token-manager.ts`. */
import type { GenerationEvent } from '@reelay/contracts/events';
import type { Provider, ProviderTarget } from '@reelay/contracts/provider';
import type { KnownTargets } from '@reelay/db/assign/token-filter';
import type { Database } from '@reelay/db/client';
import type { SettingsReader } from '@reelay/db/settings';
import type { HttpClient } from '@reelay/platform/http-client';
import type { Logger } from '@reelay/platform/logger';
import type { Queues } from '@reelay/platform/queues';
import type { Credentials } from './credentials/credentials.js';
import type { Vault } from './credentials/vault.js';
import type { LaneKeeper } from './lanes/lane-keeper.js';

export interface TokenManagerParts {
  readonly database: Database;
  readonly settings: SettingsReader;
  readonly queues: Pick<Queues, 'enqueue' | 'enqueueMany'>;
  readonly publisher: { publish(generationId: string, event: GenerationEvent): Promise<void> };
  readonly http: HttpClient;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly targets: ReadonlyMap<string, ProviderTarget>;
  readonly vault: Vault;
  readonly credentials: Credentials;
  readonly lanes: LaneKeeper;
  /** Told of a new batch. */
  readonly batches: { touch(): void };
  readonly log: Logger;
}

/** The names of the targets, as assignment asks for them. */
export function knownTargets(targets: ReadonlyMap<string, ProviderTarget>): KnownTargets {
  const all = [...targets.values()];
  return {
    names: all.map(({ name }) => name),
    simulated: all.filter(({ simulated }) => simulated).map(({ name }) => name),
  };
}
