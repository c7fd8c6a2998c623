import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import {
  apiKeyListQuerySchema,
  type ChangeApiKey,
  type CreateApiKey,
  changeApiKeySchema,
  createApiKeySchema,
} from '@reelay/contracts/api-keys';
import { usageQuerySchema } from '@reelay/contracts/usage';
import { listApiKeys } from '@reelay/db/api-keys/list-api-keys';
import { GatewayParts } from '../gateway-parts.js';
import { AdminOnly } from '../http/access.js';
import { checkQuery } from '../http/check-query.js';
import { createApiKey } from './create-api-key.js';
import { changeKnownApiKey, deleteKnownApiKey, readUsageOfApiKey, showApiKey } from './known-api-key.js';

@AdminOnly()
@Controller('api/admin/api-keys')
export class ApiKeysController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Post()
  @HttpCode(200)
  async create(@Body({ schema: createApiKeySchema }) body: CreateApiKey) {
    return createApiKey(this.parts, body);
  }

  @Get()
  async list(@Query() query: unknown) {
    return listApiKeys(this.parts.database, checkQuery(apiKeyListQuerySchema, query));
  }

  @Get(':id')
  async show(@Param('id') id: string) {
    return showApiKey(this.parts, id);
  }

  @Patch(':id')
  async change(@Param('id') id: string, @Body({ schema: changeApiKeySchema }) body: ChangeApiKey) {
    return changeKnownApiKey(this.parts, id, body);
  }

  @Delete(':id')
  async remove(@Param('id') id: string) {
    return deleteKnownApiKey(this.parts, id);
  }

  @Get(':id/usage')
  async usage(@Param('id') id: string, @Query() query: unknown) {
    return readUsageOfApiKey(this.parts, id, checkQuery(usageQuerySchema, query));
  }
}
