import { Body, Controller, Get, Inject, Put } from '@nestjs/common';
import { type ProxiesView, type SetProxies, setProxiesSchema } from '@reelay/contracts/proxies';
import { BodyPipe } from '../http/body.pipe.js';
import { PARTS } from '../http/injection.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { showProxies } from './show-proxies.js';
import { storeProxies } from './store-proxies.js';

@Controller('internal/proxies')
export class ProxiesController {
  constructor(@Inject(PARTS) private readonly parts: TokenManagerParts) {}

  @Get()
  show(): Promise<ProxiesView> {
    return showProxies(this.parts);
  }

  @Put()
  async store(@Body(new BodyPipe(setProxiesSchema)) body: SetProxies): Promise<ProxiesView> {
    await storeProxies(this.parts, body);
    return showProxies(this.parts);
  }
}
