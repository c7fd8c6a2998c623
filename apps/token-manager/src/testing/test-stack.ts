/** Token-managers for tests: real ones, over a database of their own, a corner of the real Redis and a tiny upstream. */
import type { TokenList } from '@reelay/contracts/token-list';
import type { AddedToken, TokenView } from '@reelay/contracts/tokens';
import { createDatabase, type Database } from '@reelay/db/client';
import { writeSettings } from '@reelay/db/settings';
import { createLogger } from '@reelay/platform/logger';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { createTokenManager, type TokenManager, type TokenManagerOptions } from '../create-token-manager.js';
import { TinyUpstream } from './tiny-upstream.js';

export const masterKey = 'master-key-of-the-tests-0123456789';
export const internalKey = 'internal-key-of-the-tests-0123456789';

export interface Answer<Body = unknown> {
  status: number;
  headers: Headers;
  body: Body;
}

export interface ErrorBody {
  error: { code: string; message: string; param: string | null; type: string };
}

export class TestStack {
  readonly managers: TokenManager[] = [];
  /** Everything that was logged, at the finest level. */
  readonly lines: string[] = [];

  private constructor(
    readonly file: TestDatabase,
    readonly redis: TestRedis,
    readonly upstream: TinyUpstream,
    readonly database: Database,
  ) {}

  static async open(): Promise<TestStack> {
    const file = await createTestDatabase();
    const database = createDatabase({ url: file.url, applicationName: 'test' });
    // The tests wait for these.
    await writeSettings(database, { 'timer.assignMs': 50, 'timer.repairMs': 400, 'batch.retryMs': 20 });
    return new TestStack(file, await openTestRedis(), await TinyUpstream.open(), database);
  }

  async start(options: Partial<TokenManagerOptions> = {}): Promise<TokenManager> {
    const log = createLogger({ app: 'test', level: 'trace', format: 'json', write: (line) => this.lines.push(line) });
    const manager = await createTokenManager({
      ...{
        databaseUrl: this.file.url,
        redisUrl: this.redis.url,
        redisPrefix: this.redis.prefix,
        log,
        masterKey,
        internalKey,
      },
      ...{ simulatorUrl: this.upstream.url, host: '127.0.0.1', port: 0, version: '1.2.3', commit: 'abcdef0' },
      ...options,
    });
    this.managers.push(manager);
    return manager;
  }

  async stop(manager: TokenManager): Promise<void> {
    this.managers.splice(this.managers.indexOf(manager), 1);
    await manager.close();
  }

  async close(): Promise<void> {
    await Promise.all(this.managers.splice(0).map((manager) => manager.close()));
    await this.upstream.close();
    await this.database.$disconnect();
    await this.redis.close();
    await this.file.drop();
  }

  async call<Body = ErrorBody>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    options: { body?: unknown; key?: string | null; manager?: TokenManager } = {},
  ): Promise<Answer<Body>> {
    const { key = internalKey, manager = this.managers[0], body } = options;
    const response = await fetch(`${manager?.url}${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
  }

  async add(body: object, manager?: TokenManager): Promise<AddedToken> {
    const answer = await this.call<AddedToken>('POST', '/internal/tokens', {
      body: { provider: 'sora', target: 'simulator', ...body },
      ...(manager ? { manager } : {}),
    });
    if (answer.status !== 200) throw new Error(`adding answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** All of them, whatever the pages. */
  async list(): Promise<TokenView[]> {
    const tokens: TokenView[] = [];
    for (let after = ''; ; ) {
      const { body } = await this.call<TokenList>('GET', `/internal/tokens?limit=200${after}`);
      tokens.push(...body.data);
      if (body.next === null) return tokens;
      after = `&after=${body.next}`;
    }
  }
}
