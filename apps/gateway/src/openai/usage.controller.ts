import { Controller, Get, Inject, Query } from '@nestjs/common';
import { usageQuerySchema } from '@reelay/contracts/usage';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import { readUsage } from '@reelay/db/usage/read-usage';
import { GatewayParts } from '../gateway-parts.js';
import { Client } from '../http/access.js';
import { checkQuery } from '../http/check-query.js';

/** What the key that asks used. Other keys of its owner have their own. */
@Controller('v1/usage')
export class UsageController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get()
  async read(@Query() query: unknown, @Client() { apiKeyId }: ApiKeyIdentity) {
    const timeZone = (await this.parts.settings.read())['statistics.timeZone'];
    return readUsage(this.parts.database, { ...checkQuery(usageQuerySchema, query), apiKeyId, timeZone });
  }
}
