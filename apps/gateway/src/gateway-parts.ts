import type { Settings } from '@reelay/contracts/settings';
import type { Database } from '@reelay/db/client';
import type { GatheredAccepts } from '@reelay/db/generations/gathered-accepts';
import type { LongLines } from '@reelay/db/lanes/long-lines';
import type { Logger } from '@reelay/platform/logger';
import type { EventPublisher } from '@reelay/platform/messages';
import type { Queues } from '@reelay/platform/queues';
import type { Storage } from '@reelay/platform/storage';
import type { WebhookSecrets } from '@reelay/platform/webhook-secrets';
import type { TokenManagerClient } from './admin/token-manager-client.js';
import type { StreamLimits } from './events/stream-limits.js';
import type { WatchHub } from './events/watch-hub.js';
import type { Bell } from './generations/bell.js';
import type { Waiters } from './generations/waiters.js';
import type { MemoryBudget } from './http/memory-budget.js';
import type { RequestTurns } from './http/request-turns.js';
import type { MediaLinks } from './media/media-links.js';
import type { LaneStates } from './openai/lane-states.js';
import type { VariantMaker } from './variants/variant-maker.js';

/** What controllers work with; made by hand in `create-gateway.ts`, closed there too. Also the injection token. */
export abstract class GatewayParts {
  abstract readonly database: Database;
  abstract readonly settings: { read(): Promise<Settings> };
  abstract readonly queues: Queues;
  /** For what was accepted. */
  abstract readonly bell: Bell;
  /** For what a request itself ends. */
  abstract readonly publisher: EventPublisher;
  abstract readonly storage: Storage;
  abstract readonly variants: VariantMaker;
  /** Shared by all large bodies and fetched references. */
  abstract readonly budget: MemoryBudget;
  /** Of requests that make generations. */
  abstract readonly turns: RequestTurns;
  /** `host:port` of private places that clients' addresses may lead to. */
  abstract readonly fetchAllow: readonly string[];
  abstract readonly hub: WatchHub;
  abstract readonly streams: StreamLimits;
  abstract readonly waiters: Waiters;
  abstract readonly accepts: GatheredAccepts;
  abstract readonly lines: LongLines;
  abstract readonly laneStates: LaneStates;
  abstract readonly links: MediaLinks;
  abstract readonly tokenManager: TokenManagerClient;
  /** For what must be confirmed by sending it again. */
  abstract readonly adminKey: string;
  abstract readonly webhookSecrets: WebhookSecrets;
  /** What is stored of a client's key, 64 hex characters. */
  abstract readonly hashApiKey: (key: string) => string;
  abstract readonly log: Logger;
  /** Aborted when the process begins to stop. */
  abstract readonly stopping: AbortSignal;
  /** What links begin with; undefined takes it from each request. */
  abstract readonly publicUrl: string | undefined;
  abstract readonly version: string;
  abstract readonly commit: string | null;
  abstract readonly isRedisReady: () => boolean;
}
