import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { AppError } from '@reelay/contracts/errors';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import { equalSecrets } from '@reelay/platform/keys';
import { newUlid } from '@reelay/platform/ulid';
import type { FastifyReply, FastifyRequest } from 'fastify';
import passport from 'passport';
import { Strategy } from 'passport-custom';
import { type Access, accessMetadata } from './access.js';
import { type ApiKeyAuthenticator, bearerOf } from './api-key-authenticator.js';
import { noteKey } from './form-places.js';
import type { RequestRate } from './request-rate.js';

export interface KeyGuardOptions {
  apiKeys: ApiKeyAuthenticator;
  rate: RequestRate;
  adminKey: string;
}

/** The one guard, on every route: what is not marked public needs a key. It looks at the route, never at the path as sent. */
export class KeyGuard implements CanActivate {
  readonly #reflector = new Reflector();
  readonly #rate: RequestRate;
  readonly #guards: Record<Exclude<Access, 'public'>, CanActivate>;

  constructor({ apiKeys, rate, adminKey }: KeyGuardOptions) {
    this.#rate = rate;
    this.#guards = {
      client: createGuard((authorization) => apiKeys.authenticate(authorization)),
      admin: createGuard(async (authorization) => checkAdminKey(adminKey, authorization)),
    };
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const marks = [context.getHandler(), context.getClass()];
    const access = this.#reflector.getAllAndOverride<Access | undefined>(accessMetadata, marks) ?? 'client';
    // Accounts, and files with their secrets: nothing of it may be found in a cache.
    const http = context.switchToHttp();
    if (access === 'admin') http.getResponse<FastifyReply>().header('cache-control', 'no-store');
    if (access === 'public') return true;
    if ((await this.#guards[access].canActivate(context)) !== true) return false;
    if (access === 'admin') return true;
    const { user, raw } = http.getRequest<FastifyRequest & { user: ApiKeyIdentity }>();
    noteKey(raw, user.apiKeyId);
    await this.#rate.admit(user, http.getResponse<FastifyReply>().raw);
    return true;
  }
}

type Verify = (authorization: string | undefined) => Promise<object>;

/** Passport keeps its strategies in one list per process, so each guard registers its own under a name nobody else has. */
function createGuard(verify: Verify): CanActivate {
  const name = `key-${newUlid()}`;
  passport.use(
    name,
    new Strategy((request, done) => {
      // passport-custom's types know Express only; the request is Fastify's.
      const { headers } = request as unknown as FastifyRequest;
      verify(headers.authorization).then((user) => done(null, user), done);
    }),
  );
  return new (AuthGuard(name))();
}

/** @throws AppError `invalid_api_key` */
export function checkAdminKey(adminKey: string, authorization: string | undefined): object {
  if (equalSecrets(bearerOf(authorization), adminKey)) return { isAdmin: true };
  throw new AppError('invalid_api_key', 'This route needs the admin key, and the key sent is not it.');
}
