import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { publicId } from '@reelay/contracts/ids';
import { pageOf } from '@reelay/contracts/openai/page';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import type { Generation } from '@reelay/db/generations/find-generation';
import type { FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { Client } from '../http/access.js';
import { publicUrlOf } from '../http/public-url.js';
import { cancelGeneration } from './cancel-generation.js';
import { deleteGeneration } from './delete-generation.js';
import { generationViewOf } from './generation-view.js';
import { getGeneration } from './get-generation.js';
import { listGenerations } from './list-generations.js';
import { waitingFieldsOf } from './waiting-fields.js';

@Controller('v1/generations')
export class GenerationsController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get()
  async list(@Query() query: unknown, @Client() client: ApiKeyIdentity, @Req() request: FastifyRequest) {
    const publicUrl = publicUrlOf(request, this.parts.publicUrl);
    const { data, hasMore } = await listGenerations(this.parts, { client, query });
    const views = data.map(async ({ generation, waiting }) => ({
      ...(await generationViewOf(generation, this.parts.links, publicUrl)),
      ...waiting,
    }));
    return pageOf(await Promise.all(views), hasMore);
  }

  @Get(':id')
  async read(@Param('id') id: string, @Client() client: ApiKeyIdentity, @Req() request: FastifyRequest) {
    return this.#show(await getGeneration(this.parts, id, client), request);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  async cancel(@Param('id') id: string, @Client() client: ApiKeyIdentity, @Req() request: FastifyRequest) {
    return this.#show(await cancelGeneration(this.parts, id, client), request);
  }

  @Delete(':id')
  async remove(@Param('id') id: string, @Client() client: ApiKeyIdentity) {
    const generation = await deleteGeneration(this.parts, id, client);
    return { id: publicId(generation.dialect, generation.id), object: 'generation.deleted', deleted: true };
  }

  async #show(generation: Generation, request: FastifyRequest) {
    const view = await generationViewOf(generation, this.parts.links, publicUrlOf(request, this.parts.publicUrl));
    return { ...view, ...(await waitingFieldsOf(this.parts, generation)) };
  }
}
