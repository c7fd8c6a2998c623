import { Controller, Get, Inject } from '@nestjs/common';
import { GatewayParts } from '../gateway-parts.js';
import { Public } from './access.js';
import { checkReadiness } from './check-readiness.js';

@Public()
@Controller()
export class HealthController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  /** The process lives; nothing else is asked. */
  @Get('healthz')
  health() {
    return { status: 'ok', app: 'gateway', version: this.parts.version, commit: this.parts.commit };
  }

  @Get('readyz')
  async readiness() {
    return checkReadiness(this.parts);
  }
}
