/** The parts of a worker with real Postgres, Redis and storage, and an upstream in memory. For tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GenerationEvent } from '@reelay/contracts/events';
import type { JobPayload, QueueName } from '@reelay/contracts/jobs';
import { createTargets } from '@reelay/contracts/provider-declarations';
import type { Settings } from '@reelay/contracts/settings';
import type { CredentialView } from '@reelay/contracts/tokens';
import { createDatabase, type Database } from '@reelay/db/client';
import { createSettingsReader, writeSettings } from '@reelay/db/settings';
import type { JobContext } from '@reelay/platform/consume';
import { HttpClient } from '@reelay/platform/http-client';
import { LocalStorage } from '@reelay/platform/local-storage';
import { createLogger } from '@reelay/platform/logger';
import type { EnqueueOptions } from '@reelay/platform/queues';
import type { Storage } from '@reelay/platform/storage';
import { createTestDatabase } from '@reelay/testing/database';
import { FailureCounts } from '../polling/failure-counts.js';
import { FinishRates } from '../polling/finish-rates.js';
import { PollBells } from '../polling/poll-bells.js';
import { ListingCache } from '../submit/listing-cache.js';
import { LocalTurns } from '../submit/local-turns.js';
import { CallRecorder } from '../upstream/call-recorder.js';
import type { AttemptRoute } from '../upstream/credentials.js';
import type { WorkerParts } from '../worker-parts.js';
import { ScriptedUpstream } from './scripted-upstream.js';

/** What was rung, in order. The queues themselves have their own tests; here it matters what is put into them. */
export class RungBells {
  readonly rung: { name: QueueName; payload: unknown; options: EnqueueOptions }[] = [];
  /** What was to be brought forward if it waits for longer than that. */
  readonly hurried: { name: QueueName; payloads: readonly unknown[]; longestDelayMs: number }[] = [];

  async enqueue<Name extends QueueName>(name: Name, payload: JobPayload<Name>, options: EnqueueOptions = {}) {
    this.rung.push({ name, payload, options });
    return true;
  }

  async enqueueMany<Name extends QueueName>(name: Name, payloads: readonly JobPayload<Name>[]) {
    for (const payload of payloads) await this.enqueue(name, payload);
    return true;
  }

  async bringForwardLate(name: QueueName, payloads: readonly unknown[], longestDelayMs: number) {
    this.hurried.push({ name, payloads, longestDelayMs });
    return payloads.length;
  }

  of(name: QueueName): unknown[] {
    return this.rung.filter((bell) => bell.name === name).map((bell) => bell.payload);
  }
}

/** Hands out version 1, and a higher one each time it is asked to renew. */
export class HeldCredentials {
  readonly renewed: number[] = [];
  isAvailable = true;
  /** The ways out that were asked for. */
  readonly routes: AttemptRoute[] = [];
  readonly unavailableRoutes = new Set<string>();

  async get(_tokenId: string, route?: AttemptRoute): Promise<CredentialView> {
    if (route) this.routes.push(route);
    if (!this.isAvailable || this.unavailableRoutes.has(route?.key ?? ''))
      throw new Error('the token-manager does not answer');
    const version = 1 + this.renewed.length;
    return { accessToken: `access-${version}`, version, expiresAt: null, target: 'simulator', proxyUrl: null };
  }

  async renew(tokenId: string, staleVersion: number): Promise<CredentialView> {
    this.renewed.push(staleVersion);
    return this.get(tokenId);
  }
}

export interface TestWorker {
  parts: WorkerParts;
  upstream: ScriptedUpstream;
  bells: RungBells;
  credentials: HeldCredentials;
  published: GenerationEvent[];
  context: JobContext;
  /** Beginning to leave, as after SIGTERM. */
  drain: AbortController;
  /** Another process with the same database and upstream. */
  sibling(): WorkerParts;
}

/** What the tests of a file share. */
export interface TestFile {
  database: Database;
  storage: Storage;
  /** A worker with nothing in its memory; settings stay as they are written until the next one. */
  startWorker(settings?: Partial<Settings>, mediaUrl?: string): Promise<TestWorker>;
  close(): Promise<void>;
}

export async function openTestFile(): Promise<TestFile> {
  const clone = await createTestDatabase();
  const database = createDatabase({ url: clone.url, applicationName: 'test' });
  const folder = await mkdtemp(join(tmpdir(), 'reelay-worker-'));
  const storage = await LocalStorage.create(folder);
  const http = new HttpClient();
  return {
    ...{ database, storage },
    startWorker: async (settings = {}, mediaUrl = 'http://127.0.0.1:1') => {
      await database.setting.deleteMany();
      await writeSettings(database, { 'reconcile.listGapMs': 0, ...settings });
      return assemble({ database, storage, http, mediaUrl });
    },
    close: async () => {
      await http.close();
      await database.$disconnect();
      await clone.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function assemble(shared: Pick<WorkerParts, 'database' | 'storage' | 'http'> & { mediaUrl: string }): TestWorker {
  const { mediaUrl, ...common } = shared;
  const log = createLogger({ app: 'test', write: () => {} });
  const drain = new AbortController();
  const upstream = new ScriptedUpstream();
  const bells = new RungBells();
  const credentials = new HeldCredentials();
  const published: GenerationEvent[] = [];
  const calls = new CallRecorder(common.database, log);
  const sibling = (): WorkerParts => ({
    ...{ ...common, credentials, calls, queues: bells, draining: drain.signal, random: () => 0.5 },
    settings: createSettingsReader(common.database),
    publisher: { publish: async (_generationId, event) => void published.push(event) },
    solver: { solve: async () => ({ solution: '', solved: true }) },
    providers: new Map([['sora', upstream]]),
    targets: createTargets(mediaUrl),
    listings: new ListingCache(),
    turns: new LocalTurns(),
    pollBells: new PollBells(bells),
    pollFailures: new FailureCounts(),
    finishRates: new FinishRates(),
  });
  return {
    ...{ parts: sibling(), sibling, upstream, bells, credentials, published, drain },
    context: { signal: new AbortController().signal, log },
  };
}
