import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { type AddToken, addTokenSchema } from '@reelay/contracts/tokens';
import { GatewayParts } from '../gateway-parts.js';
import { AdminOnly } from '../http/access.js';

@AdminOnly()
@Controller('api/admin/tokens')
export class TokensController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get()
  async list() {
    return this.parts.tokenManager.list();
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
