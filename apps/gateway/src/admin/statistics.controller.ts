import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { statisticsQuerySchema, utilisationQuerySchema } from '@reelay/contracts/statistics';
import { readPoolStatistics } from '@reelay/db/statistics/read-pool-statistics';
import { readUtilisation } from '@reelay/db/statistics/sample-pool';
import { GatewayParts } from '../gateway-parts.js';
import { AdminOnly } from '../http/access.js';
import { checkQuery } from '../http/check-query.js';
import { readStatisticsOfToken } from './statistics-of-token.js';

@AdminOnly()
@Controller('api/admin')
export class StatisticsController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get('statistics')
  async pool(@Query() query: unknown) {
    const { days } = checkQuery(statisticsQuerySchema, query);
    const timeZone = (await this.parts.settings.read())['statistics.timeZone'];
    return readPoolStatistics(this.parts.database, { days, timeZone });
  }

  @Get('statistics/utilisation')
  async utilisation(@Query() query: unknown) {
    return readUtilisation(this.parts.database, checkQuery(utilisationQuerySchema, query));
  }

  @Get('tokens/:id/statistics')
  async token(@Param('id') id: string, @Query() query: unknown) {
    return readStatisticsOfToken(this.parts, id, checkQuery(statisticsQuerySchema, query));
  }
}
