/**
 * Who has signed in to the board: a cookie that says until when, and a MAC over it. It holds no secret, nothing of it is stored, and a
 * changed web or admin key ends all of them.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { deriveKey } from '@reelay/platform/keys';

export interface BoardSessionsOptions {
  webKey: string;
  adminKey: string;
  /** Unix ms. */
  now?: () => number;
}

const cookieName = 'reelay_board';
const lifeSeconds = 3_600;

export class BoardSessions {
  readonly #options: BoardSessionsOptions;
  readonly #now: () => number;

  constructor(options: BoardSessionsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** The `Set-Cookie` of a new session. */
  begin({ isSecure }: { isSecure: boolean }): string {
    const expires = String(Math.floor(this.#now() / 1000) + lifeSeconds);
    return cookieOf(`${expires}.${this.#macOf(expires)}`, lifeSeconds, isSecure);
  }

  /** The `Set-Cookie` that makes a browser forget its session. */
  end({ isSecure }: { isSecure: boolean }): string {
    return cookieOf('', 0, isSecure);
  }

  /** How long the session of a `Cookie` header still lasts; 0 is none. */
  secondsLeft(cookieHeader: string | undefined): number {
    return Math.max(0, ...valuesOf(cookieHeader).map((value) => this.#secondsLeftOf(value)));
  }

  #secondsLeftOf(value: string): number {
    const [, expires = '', mac = ''] = /^(\d{1,12})\.([\w-]{43})$/.exec(value) ?? [];
    if (expires === '' || !timingSafeEqual(Buffer.from(mac), Buffer.from(this.#macOf(expires)))) return 0;
    return Number(expires) - Math.floor(this.#now() / 1000);
  }

  #macOf(expires: string): string {
    const { webKey, adminKey } = this.#options;
    // JSON keeps the parts apart, whatever characters they hold.
    const text = JSON.stringify(['board', expires, adminKey]);
    return createHmac('sha256', deriveKey(webKey, 'mac/session')).update(text).digest('base64url');
  }
}

function cookieOf(value: string, seconds: number, isSecure: boolean): string {
  const secure = isSecure ? '; Secure' : '';
  return `${cookieName}=${value}; Path=/admin; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}

function valuesOf(cookieHeader = ''): string[] {
  return cookieHeader.split(';').flatMap((pair) => {
    const [name, value = ''] = pair.trim().split('=', 2);
    return name === cookieName ? [value] : [];
  });
}
