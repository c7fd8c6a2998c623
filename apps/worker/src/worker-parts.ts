/** What every part of the worker is handed. Made once, by hand, in `create-worker.ts`; tests make their own. */
import type { GenerationEvent } from '@reelay/contracts/events';
import type { ProofSolver, Provider, ProviderTarget } from '@reelay/contracts/provider';
import type { Database } from '@reelay/db/client';
import type { SettingsReader } from '@reelay/db/settings';
import type { HttpClient } from '@reelay/platform/http-client';
import type { Queues } from '@reelay/platform/queues';
import type { Storage } from '@reelay/platform/storage';
import type { FailureCounts } from './polling/failure-counts.js';
import type { FinishRates } from './polling/finish-rates.js';
import type { PollBells } from './polling/poll-bells.js';
import type { ListingCache } from './submit/listing-cache.js';
import type { LocalTurns } from './submit/local-turns.js';
import type { CallRecorder } from './upstream/call-recorder.js';
import type { CredentialSource } from './upstream/credentials.js';

export interface WorkerParts {
  readonly database: Database;
  readonly settings: SettingsReader;
  readonly queues: Pick<Queues, 'bringForwardLate' | 'enqueue' | 'enqueueMany'>;
  readonly publisher: { publish(generationId: string, event: GenerationEvent): Promise<void> };
  readonly storage: Storage;
  readonly http: HttpClient;
  readonly solver: ProofSolver;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly targets: ReadonlyMap<string, ProviderTarget>;
  readonly credentials: CredentialSource;
  readonly calls: CallRecorder;
  readonly listings: ListingCache;
  readonly turns: LocalTurns;
  readonly pollBells: PollBells;
  readonly pollFailures: FailureCounts;
  readonly finishRates: FinishRates;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Aborted when this process begins to leave: a submit that is not sent yet is put back. */
  readonly draining: AbortSignal;
}
