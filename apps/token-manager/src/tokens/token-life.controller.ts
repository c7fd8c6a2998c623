import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { AppError } from '@reelay/contracts/errors';
import {
  type DisableToken,
  disableTokenSchema,
  type TokenEventPage,
  type TokenEventQuery,
  tokenEventQuerySchema,
} from '@reelay/contracts/token-history';
import type { TokenView } from '@reelay/contracts/tokens';
import { listTokenEvents } from '@reelay/db/tokens/list-token-events';
import { BodyPipe } from '../http/body.pipe.js';
import { PARTS } from '../http/injection.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { disableToken, enableToken } from './set-token-service.js';

@Controller('internal/tokens/:id')
export class TokenLifeController {
  constructor(@Inject(PARTS) private readonly parts: TokenManagerParts) {}

  @Get('events')
  async events(
    @Param('id') id: string,
    @Query(new BodyPipe(tokenEventQuerySchema)) query: TokenEventQuery,
  ): Promise<TokenEventPage> {
    const page = await listTokenEvents(this.parts.database, id, query);
    if (!page) throw new AppError('not_found', 'There is no account of this id.');
    return page;
  }

  @Post('disable')
  @HttpCode(200)
  disable(
    @Param('id') id: string,
    @Body(new BodyPipe(disableTokenSchema)) { reason }: DisableToken,
  ): Promise<TokenView> {
    return disableToken(this.parts, id, reason);
  }

  @Post('enable')
  @HttpCode(200)
  enable(@Param('id') id: string): Promise<TokenView> {
    return enableToken(this.parts, id);
  }
}
