import type { FastifyRequest } from 'fastify';
import type { Account } from '../accounts/account.js';
import type { World } from '../world.js';
import type { Caller, Submitter } from './task.js';

/** Takes the sentinel token of a call that costs something, or throws the refusal; returns what the records keep of the caller. */
export function admitSubmit(request: FastifyRequest, { sentinel }: World, account: Account): Submitter {
  const sentinelId = sentinel.redeem(header(request, 'openai-sentinel-token'), account.email);
  return { ...callerOf(request), origin: 'client', sentinelId };
}

export function callerOf(request: FastifyRequest): Caller {
  return { source: request.ip, userAgent: header(request, 'user-agent') ?? '' };
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
