/**
 * A whole Reelay whose every link goes through a fault proxy and whose every process can be killed, stopped and replaced: one gateway,
 * one token-manager, two workers, the simulator, PostgreSQL and Redis. Nothing of it is shared with another test.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SettingKey } from '@reelay/contracts/settings';
import { FaultProxy } from '@reelay/testing/fault-proxy';
import { startHttpProxy } from '@reelay/testing/http-proxy';
import type { TestProxy } from '@reelay/testing/proxy-tunnels';
import { Redis } from 'ioredis';
import { Client, type QueryResultRow } from 'pg';
import { freePort } from '../../support/launcher.js';
import type { SimulatedAccount } from '../../support/simulator.js';
import { root } from '../../support/stack.js';
import { App } from './app.js';
import { renderMs, scaled } from './scaled.js';
import { Servers } from './servers.js';
import { Space } from './space.js';

export const links = ['postgres', 'redis', 'upstream', 'account-proxy'] as const;
export type Link = (typeof links)[number];
export const appNames = ['gateway', 'token-manager', 'worker-1', 'worker-2', 'simulator'] as const;
export type AppName = (typeof appNames)[number];

export interface StandOptions {
  settings?: Partial<Record<SettingKey, number>>;
  renderMs?: number;
  /** Accounts beside the three that the simulator has from the start. */
  moreAccounts?: number;
  /** Given to Node before the main file of every app. */
  flags?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Run before the first request. */
  sql?: readonly string[];
}

/** Long texts that stand nowhere else, so that a search for them finds nothing but themselves. */
const secret = () => randomBytes(24).toString('hex');
const proxiedAccount = 'plus@simulator.test';

export class Stand {
  readonly homeDir = mkdtempSync(path.join(tmpdir(), 'reelay-stand-'));
  readonly keys = {
    WEB_KEY: secret(),
    INTERNAL_KEY: secret(),
    ADMIN_KEY: secret(),
    MASTER_KEY: secret(),
    API_KEY: secret(),
  };
  readonly proxyPassword = secret();
  readonly lines: string[] = [];
  readonly links = new Map<Link, FaultProxy>();
  readonly apps = new Map<AppName, App>();
  readonly #closing: (() => Promise<void> | void)[] = [];
  servers!: Servers;
  space: Space | undefined;
  simulatorUrl = '';
  gatewayUrl = '';
  tokenManagerUrl = '';
  #accountProxy!: TestProxy;

  static async start(options: StandOptions = {}): Promise<Stand> {
    const stand = new Stand();
    try {
      await stand.#start(options);
      return stand;
    } catch (error) {
      const said = stand.lines.slice(-40).join('\n');
      await stand.stop();
      throw new Error(`the stand did not start: ${(error as Error).message}\n${said}`);
    }
  }

  async #start(options: StandOptions): Promise<void> {
    for (const folder of ['traps', 'media']) mkdirSync(path.join(this.homeDir, folder));
    this.servers = await Servers.start();
    this.#closing.push(() => this.servers.stop());
    this.space = await Space.open(this.mediaDir);
    if (this.space) this.#closing.push(() => this.space?.close());
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    [this.simulatorUrl, this.gatewayUrl, this.tokenManagerUrl] = ports.map((port) => `http://127.0.0.1:${port}`) as [
      string,
      string,
      string,
    ];
    await this.#openLinks();
    await this.set({ ...scaled, ...options.settings });
    for (const statement of options.sql ?? []) await this.sql(statement);
    await this.#startApps(options);
    await this.#addAccounts(options.moreAccounts ?? 0);
  }

  get trapDir(): string {
    return path.join(this.homeDir, 'traps');
  }

  get mediaDir(): string {
    return path.join(this.homeDir, 'media');
  }

  link(name: Link): FaultProxy {
    const link = this.links.get(name);
    if (!link) throw new Error(`there is no link "${name}"`);
    return link;
  }

  app(name: AppName): App {
    const app = this.apps.get(name);
    if (!app) throw new Error(`there is no app "${name}"`);
    return app;
  }

  /** Not through a proxy. A connection of its own, and patience: the server may be restarted at any time. */
  async sql<Row extends QueryResultRow>(query: string, values: unknown[] = []): Promise<Row[]> {
    return patiently(async () => {
      const client = new Client({ connectionString: this.servers.databaseUrl, connectionTimeoutMillis: 5_000 });
      client.on('error', () => {});
      try {
        await client.connect();
        return (await client.query<Row>(query, values)).rows;
      } finally {
        await client.end().catch(() => {});
      }
    });
  }

  async redis<Result>(work: (redis: Redis) => Promise<Result>): Promise<Result> {
    const redis = new Redis(this.servers.redisUrl, { maxRetriesPerRequest: 50, retryStrategy: () => 100 });
    redis.on('error', () => {});
    try {
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  }

  async set(settings: Partial<Record<SettingKey, number>>): Promise<void> {
    const rows = Object.entries(settings).map(([key, value]) => ({ key, value }));
    await this.sql(
      `INSERT INTO setting (key, value) SELECT key, value FROM jsonb_to_recordset($1::jsonb) AS row (key text, value jsonb)
       ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      [JSON.stringify(rows)],
    );
  }

  async simulator<Answer>(
    route: string,
    body?: unknown,
    method = body === undefined ? 'GET' : 'POST',
  ): Promise<Answer> {
    const json =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    // It, too, may just be killed or frozen by another fault.
    return patiently(async () => {
      const signal = AbortSignal.timeout(10_000);
      const response = await fetch(`${this.simulatorUrl}/_sim/${route}`, { method, ...json, signal });
      if (!response.ok) throw new Error(`simulator ${route}: ${response.status} ${await response.text()}`);
      return (await response.json()) as Answer;
    });
  }

  /** As the operator does it: whatever an account has lost, it has a good credential afterwards. */
  async addAccount(email: string): Promise<void> {
    const known = await this.simulator<SimulatedAccount[]>('accounts');
    const account = known.find((one) => one.email === email);
    if (!account) throw new Error(`the simulator has no account ${email}`);
    const { accessToken, sessionToken, refreshToken, plan } = account;
    const response = await fetch(`${this.tokenManagerUrl}/internal/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.keys.INTERNAL_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ provider: 'sora', target: 'simulator', label: email, accessToken, sessionToken, refreshToken, plan },
        ...(email === proxiedAccount && { proxyUrl: this.link('account-proxy').through(this.#accountProxy.url) }),
      }),
      signal: AbortSignal.timeout(20_000),
    });
    if (!response.ok) throw new Error(`${email} not added: ${response.status} ${await response.text()}`);
  }

  /** Wakes, ends and removes everything. */
  async stop(): Promise<void> {
    for (const link of this.links.values()) link.heal();
    await Promise.all([...this.apps.values()].map((app) => app.stop()));
    for (const close of this.#closing.reverse()) await close();
    rmSync(this.homeDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  async #openLinks(): Promise<void> {
    this.#accountProxy = await startHttpProxy({ user: 'plus', password: this.proxyPassword });
    this.#closing.push(() => this.#accountProxy.close());
    const targets: Record<Link, string> = {
      postgres: this.servers.databaseUrl,
      redis: this.servers.redisUrl,
      upstream: this.simulatorUrl,
      'account-proxy': this.#accountProxy.url,
    };
    for (const link of links) {
      // Whoever subscribes is the pub/sub connection of a gateway.
      const proxy = await FaultProxy.open(targets[link], link === 'redis' ? { marks: /\bsubscribe\b/i } : {});
      this.links.set(link, proxy);
      this.#closing.push(() => proxy.close());
    }
  }

  async #startApps(options: StandOptions): Promise<void> {
    const start = (name: AppName, env: Record<string, string>) => {
      const isOfMedia = name === 'gateway' || name.startsWith('worker');
      const main = path.join(root, 'apps', name.replace(/-\d$/, ''), 'dist/main.js');
      const app = new App({
        name,
        command: [
          ...(isOfMedia ? (this.space?.wrap ?? []) : []),
          ...[process.execPath, '--enable-source-maps', '--max-semi-space-size=4', ...(options.flags ?? []), main],
        ],
        env: { ...inherited(), ...this.#commonEnv(), ...env, ...options.env },
        onLine: (line) => void this.lines.push(line),
      });
      this.apps.set(name, app);
      return app.start();
    };
    const port = (url: string) => ({ HOST: '127.0.0.1', PORT: new URL(url).port });
    const { WEB_KEY, INTERNAL_KEY, ADMIN_KEY, MASTER_KEY, API_KEY } = this.keys;
    const shared = { INTERNAL_KEY, TOKEN_MANAGER_URL: this.tokenManagerUrl, STORAGE_DIR: this.mediaDir };
    const upstream = { SIMULATOR_URL: this.link('upstream').through(this.simulatorUrl).replace(/\/$/, '') };
    await start('simulator', {
      ...port(this.simulatorUrl),
      SIMULATOR_STATE_DIR: path.join(this.homeDir, 'simulator'),
      SIMULATOR_RENDER_MS: String(options.renderMs ?? renderMs),
    });
    await start('token-manager', { ...port(this.tokenManagerUrl), ...upstream, MASTER_KEY, INTERNAL_KEY });
    await Promise.all([
      start('gateway', { ...shared, ...port(this.gatewayUrl), WEB_KEY, ADMIN_KEY, API_KEY }),
      start('worker-1', { ...shared, ...upstream, WEB_KEY }),
      start('worker-2', { ...shared, ...upstream, WEB_KEY }),
    ]);
  }

  #commonEnv(): Record<string, string> {
    return {
      NODE_ENV: 'production',
      LOG_FORMAT: 'json',
      CRASH_AT: this.trapDir,
      DATABASE_URL: this.link('postgres').through(this.servers.databaseUrl),
      REDIS_URL: this.link('redis').through(this.servers.redisUrl),
    };
  }

  async #addAccounts(more: number): Promise<void> {
    const plenty = { quota: { videos: 1_000_000 } };
    const names = ['free', 'plus', 'pro', ...Array.from({ length: more }, (_, no) => `more-${no + 1}`)];
    for (const [no, name] of names.entries()) {
      const email = `${name}@simulator.test`;
      if (no < 3) await this.simulator(`accounts/${email}`, plenty, 'PATCH');
      else await this.simulator('accounts', { email, plan: 'chatgpt_pro', ...plenty });
      await this.addAccount(email);
    }
  }
}

const patienceMs = 60_000;

async function patiently<Result>(work: () => Promise<Result>): Promise<Result> {
  for (const giveUpAt = Date.now() + patienceMs; ; ) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

function inherited(): Record<string, string> {
  const { PATH = '', TMPDIR, LANG } = process.env;
  return { PATH, ...(TMPDIR !== undefined && { TMPDIR }), ...(LANG !== undefined && { LANG }) };
}
