/** The account side of the Sora backend for tests: a real HTTP server that counts what is asked of it and fails on command. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TinyAccount {
  email: string;
  plan?: string;
  remaining?: number;
  username?: string;
  /** ISO 8601. */
  paidUntil?: string;
}

/** `hang up` loses the answer after the request was taken. */
export type Failure = { status: number; body?: unknown } | 'hang up';

export class TinyUpstream {
  readonly #server: Server;
  /** Access tokens that are accepted, and whose they are. */
  readonly accessTokens = new Map<string, TinyAccount>();
  readonly sessionTokens = new Map<string, TinyAccount>();
  /** Good for one use. */
  readonly refreshTokens = new Map<string, TinyAccount>();
  /** Every request as `METHOD path`, and every refresh token that came. */
  readonly calls: string[] = [];
  readonly sentRefreshTokens: string[] = [];
  /** Exchanges of session and refresh tokens that are being answered now, and the most there ever were at once. */
  exchanging = 0;
  mostExchanging = 0;
  /** By path: what is answered in place of the truth. */
  readonly failures = new Map<string, Failure>();
  /** How long the exchange of a session or refresh token takes. */
  exchangeMs = 0;
  /** How long an access token that a session gives is good for. */
  sessionGivesMs = 3_600_000;
  #minted = 0;
  #quotaHeld: { promise: Promise<void>; isAsked: boolean } | undefined;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async open(): Promise<TinyUpstream> {
    const upstream = new TinyUpstream();
    await new Promise<void>((resolve) => upstream.#server.listen(0, '127.0.0.1', resolve));
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  count(call: string): number {
    return this.calls.filter((known) => known === call).length;
  }

  /** The next question for a quota is answered when that is asked for, with what was true when it came. */
  holdQuota(): { isAsked: () => boolean; answer: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const held = { promise, isAsked: false };
    this.#quotaHeld = held;
    return { isAsked: () => held.isAsked, answer: resolve };
  }

  /** An access token that is accepted, unless it is revoked. */
  mint(account: TinyAccount, expiresInMs = 3_600_000): string {
    this.#minted += 1;
    const claims = {
      exp: Math.floor((Date.now() + expiresInMs) / 1_000),
      jti: String(this.#minted),
      'https://api.openai.com/profile': { email: account.email },
    };
    const token = [{ alg: 'none' }, claims, `signature ${this.#minted}`]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    this.accessTokens.set(token, account);
    return token;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const body = await readBody(request);
    this.calls.push(`${request.method} ${path}`);
    const isExchange = path === '/oauth/token';
    if (isExchange) this.sentRefreshTokens.push(String(body.refresh_token));
    if (isExchange || path === '/api/auth/session') await this.#takeTime();
    const failure = this.failures.get(path);
    if (failure === 'hang up') return void request.socket.destroy();
    const { status, body: answer } = failure ?? this.#truth(path, request, body);
    const held = path === '/backend/nf/check' ? this.#quotaHeld : undefined;
    if (held) {
      this.#quotaHeld = undefined;
      held.isAsked = true;
      await held.promise;
    }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
  }

  async #takeTime(): Promise<void> {
    this.exchanging += 1;
    this.mostExchanging = Math.max(this.mostExchanging, this.exchanging);
    await new Promise((resolve) => setTimeout(resolve, this.exchangeMs));
    this.exchanging -= 1;
  }

  #truth(path: string, request: IncomingMessage, body: Record<string, unknown>): { status: number; body: unknown } {
    if (path === '/oauth/token') return this.#exchange(String(body.refresh_token));
    if (path === '/api/auth/session') {
      const token = /session-token=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
      const account = this.sessionTokens.get(token);
      return {
        status: 200,
        body: account ? { accessToken: this.mint(account, this.sessionGivesMs), user: account } : {},
      };
    }
    const account = this.accessTokens.get(request.headers.authorization?.replace('Bearer ', '') ?? '');
    if (!account) return refusal(401, 'token_invalidated', 'Your token has been invalidated.');
    if (path === '/backend/me')
      return { status: 200, body: { email: account.email, name: null, username: account.username ?? null } };
    if (path === '/backend/billing/subscriptions') {
      return {
        status: 200,
        body: { data: [{ plan: { id: account.plan ?? 'chatgpt_plus' }, end_ts: account.paidUntil ?? null }] },
      };
    }
    if (path === '/backend/project_y/invite/mine') return { status: 200, body: { invite_code: 'X' } };
    if (path === '/backend/nf/check') {
      const balance = { estimated_num_videos_remaining: account.remaining ?? 30, access_resets_in_seconds: 3_600 };
      return { status: 200, body: { rate_limit_and_credit_balance: balance } };
    }
    return refusal(404, 'not_found', 'no such route');
  }

  #exchange(refreshToken: string): { status: number; body: unknown } {
    const account = this.refreshTokens.get(refreshToken);
    if (!account) return refusal(400, 'invalid_grant', 'The refresh token was used or revoked.');
    this.refreshTokens.delete(refreshToken);
    const next = `refresh-of-${account.email}-${this.#minted + 1}`;
    this.refreshTokens.set(next, account);
    return { status: 200, body: { access_token: this.mint(account), refresh_token: next, expires_in: 3_600 } };
  }
}

function refusal(status: number, code: string, message: string): { status: number; body: unknown } {
  return { status, body: { error: { code, message, type: 'invalid_request_error', param: null } } };
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
