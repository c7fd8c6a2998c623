import { Controller, Get, Inject, Param, Req } from '@nestjs/common';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import type { FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { Client } from '../http/access.js';
import { publicUrlOf } from '../http/public-url.js';
import { generationViewOf } from './generation-view.js';
import { getGeneration } from './get-generation.js';
import { waitingFieldsOf } from './waiting-fields.js';

@Controller('v1/generations')
export class GenerationsController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get(':id')
  async read(@Param('id') id: string, @Client() client: ApiKeyIdentity, @Req() request: FastifyRequest) {
    const generation = await getGeneration(this.parts, id, client);
    const view = await generationViewOf(generation, this.parts.links, publicUrlOf(request, this.parts.publicUrl));
    return { ...view, ...(await waitingFieldsOf(this.parts, generation)) };
  }
}
