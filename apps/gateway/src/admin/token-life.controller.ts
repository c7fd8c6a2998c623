import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { type DisableToken, disableTokenSchema } from '@reelay/contracts/token-history';
import type { FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { AdminOnly } from '../http/access.js';
import { bodyForms } from '../http/body.pipe.js';
import { queryOf } from './query-of.js';

bodyForms.add(disableTokenSchema, { optional: true });

@AdminOnly()
@Controller('api/admin/tokens/:id')
export class TokenLifeController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get('events')
  async events(@Param('id') id: string, @Req() request: FastifyRequest) {
    return this.parts.tokenManager.listEvents(id, queryOf(request));
  }

  @Post('disable')
  @HttpCode(200)
  async disable(@Param('id') id: string, @Body({ schema: disableTokenSchema }) body: DisableToken) {
    return this.parts.tokenManager.disable(id, body);
  }

  @Post('enable')
  @HttpCode(200)
  async enable(@Param('id') id: string) {
    return this.parts.tokenManager.enable(id);
  }
}
