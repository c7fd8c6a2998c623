import { Body, Controller, Get, Inject, Put } from '@nestjs/common';
import { type SetProxies, setProxiesSchema } from '@reelay/contracts/proxies';
import { GatewayParts } from '../gateway-parts.js';
import { AdminOnly } from '../http/access.js';

@AdminOnly()
@Controller('api/admin/proxies')
export class ProxiesController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get()
  async show() {
    return this.parts.tokenManager.showProxies();
  }

  @Put()
  async change(@Body({ schema: setProxiesSchema }) body: SetProxies) {
    return this.parts.tokenManager.changeProxies(body);
  }
}
