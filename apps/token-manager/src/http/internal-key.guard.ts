import { type CanActivate, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AppError } from '@reelay/contracts/errors';
import { equalSecrets } from '@reelay/platform/keys';
import type { FastifyRequest } from 'fastify';

const openToAll = 'open-to-all';

/** For probes only: everything else needs the internal key, also what will be added later. */
export const OpenToAll = () => SetMetadata(openToAll, true);

export class InternalKeyGuard implements CanActivate {
  constructor(
    private readonly internalKey: string,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride(openToAll, [context.getHandler(), context.getClass()]) === true) return true;
    const { authorization = '' } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    const given = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
    if (given !== undefined && equalSecrets(given, this.internalKey)) return true;
    throw new AppError(
      'unauthorized_internal',
      'This is an internal interface: send "Authorization: Bearer <INTERNAL_KEY>".',
    );
  }
}
