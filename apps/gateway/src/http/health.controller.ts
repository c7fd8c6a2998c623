import { Controller, Get, Inject } from '@nestjs/common';
import { AppError } from '@reelay/contracts/errors';
import { GatewayParts } from '../gateway-parts.js';
import { Public } from './access.js';

@Public()
@Controller()
export class HealthController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  /** The process lives; nothing else is asked. */
  @Get('healthz')
  health() {
    return { status: 'ok', app: 'gateway', version: this.parts.version, commit: this.parts.commit };
  }

  /** Without Redis everything works, only later: no reason to take the gateway out of service. */
  @Get('readyz')
  async readiness() {
    const redis = this.parts.isRedisReady() ? 'ok' : 'degraded';
    try {
      await this.parts.database.$queryRaw`SELECT 1`;
    } catch (error) {
      throw new AppError('service_unavailable', 'Postgres cannot be reached just now.', {
        cause: error,
        details: { postgres: 'down', redis },
      });
    }
    return { status: 'ready', postgres: 'ok', redis };
  }
}
