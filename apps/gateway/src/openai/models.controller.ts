import { Controller, Get, Inject, Param } from '@nestjs/common';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import { GatewayParts } from '../gateway-parts.js';
import { Client } from '../http/access.js';
import { describeModel, describeModels } from './describe-models.js';

@Controller('v1/models')
export class ModelsController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get()
  async list(@Client() client: ApiKeyIdentity) {
    return describeModels(this.parts, client);
  }

  /** Ids may have slashes, and some clients send them as they are. */
  @Get('*')
  async retrieve(@Param('*') id: string, @Client() client: ApiKeyIdentity) {
    return describeModel(this.parts, id, client);
  }
}
