import { Controller, Get, Inject, Query } from '@nestjs/common';
import { operatorEventQuerySchema } from '@reelay/contracts/operator-events';
import { listOperatorEvents } from '@reelay/db/operator-events/list-operator-events';
import { GatewayParts } from '../gateway-parts.js';
import { AdminOnly } from '../http/access.js';
import { checkQuery } from '../http/check-query.js';

@AdminOnly()
@Controller('api/admin/events')
export class OperatorEventsController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get()
  async list(@Query() query: unknown) {
    return listOperatorEvents(this.parts.database, checkQuery(operatorEventQuerySchema, query));
  }
}
