/** Where there is no route, strangers are told the same as where there is one: that a key is missing. Who has one learns what is wrong. */
import type { FastifyInstance } from 'fastify';
import type { Access } from './access.js';
import type { ApiKeyAuthenticator } from './api-key-authenticator.js';
import { checkAdminKey } from './key.guard.js';

export interface ClosedDoorsOptions {
  apiKeys: ApiKeyAuthenticator;
  adminKey: string;
}

export function registerClosedDoors(server: FastifyInstance, { apiKeys, adminKey }: ClosedDoorsOptions): void {
  // With a callback: a promise for each of all the requests that have a route would be felt.
  server.addHook('onRequest', ({ is404, raw, headers: { authorization } }, _reply, done) => {
    const access = is404 ? accessOf(raw.url ?? '') : 'public';
    if (access === 'public') return done();
    const asking = access === 'admin' ? askForAdmin(authorization) : apiKeys.authenticate(authorization);
    asking.then(() => done(), done);
  });

  async function askForAdmin(authorization: string | undefined): Promise<object> {
    return checkAdminKey(adminKey, authorization);
  }
}

/** Whose path it would be, read as generously as somebody may have meant it. Routes that exist say it themselves. */
export function accessOf(url: string): Access {
  const [path = ''] = url.split(/[?#]/, 1);
  // Upper case, escapes, `//` and `/./`.
  const meant = `${unescaped(path).toLowerCase()}/`.replace(/\/(\.?\/)+/g, '/');
  if (meant.startsWith('/api/admin/')) return 'admin';
  return meant.startsWith('/v1/') ? 'client' : 'public';
}

function unescaped(path: string): string {
  return path.replace(/%([0-7][0-9a-f])/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
