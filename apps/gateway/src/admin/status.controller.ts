import { Controller, Get, Inject } from '@nestjs/common';
import { GatewayParts } from '../gateway-parts.js';
import { AdminOnly } from '../http/access.js';
import { readStatus } from './read-status.js';

@AdminOnly()
@Controller('api/admin/status')
export class StatusController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get()
  async read() {
    return readStatus(this.parts);
  }
}
