import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { HEALTH } from './injection.js';
import { OpenToAll } from './internal-key.guard.js';

export interface Health {
  readonly version: string;
  readonly commit: string | undefined;
  isPostgresReachable(): Promise<boolean>;
  isRedisReachable(): boolean;
}

@Controller()
@OpenToAll()
export class HealthController {
  constructor(@Inject(HEALTH) private readonly health: Health) {}

  /** The process lives. */
  @Get('healthz')
  healthz() {
    const { version, commit } = this.health;
    return { status: 'ok', app: 'token-manager', version, commit: commit ?? null };
  }

  /** It can do its work. Without Redis it still can, only later: the tick assigns, and jobs are made from rows. */
  @Get('readyz')
  async readyz(@Res({ passthrough: true }) reply: FastifyReply) {
    const postgres = await this.health.isPostgresReachable();
    const redis = this.health.isRedisReachable();
    if (!postgres) void reply.code(503);
    return { status: !postgres ? 'unavailable' : redis ? 'ok' : 'degraded', postgres, redis };
  }
}
