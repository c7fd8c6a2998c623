import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { type CreateBatch, createBatchSchema } from '@reelay/contracts/batches';
import type { FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { AdminOnly } from '../http/access.js';
import { queryOf } from './query-of.js';

@AdminOnly()
@Controller('api/admin/batches')
export class BatchesController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Post()
  @HttpCode(202)
  async create(@Body({ schema: createBatchSchema }) body: CreateBatch) {
    return this.parts.tokenManager.createBatch(body);
  }

  @Get()
  async list(@Req() request: FastifyRequest) {
    return this.parts.tokenManager.listBatches(queryOf(request));
  }

  @Get(':id')
  async show(@Param('id') id: string, @Req() request: FastifyRequest) {
    return this.parts.tokenManager.showBatch(id, queryOf(request));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  async cancel(@Param('id') id: string) {
    return this.parts.tokenManager.cancelBatch(id);
  }
}
