import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Req } from '@nestjs/common';
import { type ChangeToken, changeTokenSchema } from '@reelay/contracts/token-details';
import { type AddToken, addTokenSchema } from '@reelay/contracts/tokens';
import type { FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { AdminOnly } from '../http/access.js';
import { queryOf } from './query-of.js';

@AdminOnly()
@Controller('api/admin/tokens')
export class TokensController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get()
  async list(@Req() request: FastifyRequest) {
    return this.parts.tokenManager.list(queryOf(request));
  }

  @Get(':id')
  async show(@Param('id') id: string) {
    return this.parts.tokenManager.show(id);
  }

  @Patch(':id')
  async change(@Param('id') id: string, @Body({ schema: changeTokenSchema }) body: ChangeToken) {
    return this.parts.tokenManager.change(id, body);
  }

  @Post(':id/test')
  @HttpCode(200)
  async test(@Param('id') id: string) {
    return this.parts.tokenManager.test(id);
  }

  @Post(':id/refresh')
  @HttpCode(200)
  async refresh(@Param('id') id: string) {
    return this.parts.tokenManager.refresh(id);
  }

  @Post()
  @HttpCode(200)
  async add(@Body({ schema: addTokenSchema }) body: AddToken) {
    return this.parts.tokenManager.add(body);
  }

  @Delete(':id')
  @HttpCode(200)
  async remove(@Param('id') id: string) {
    return (await this.parts.tokenManager.remove(id)) ?? { id, deleted: true };
  }
}
