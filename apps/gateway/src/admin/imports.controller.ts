import { IncomingMessage } from 'node:http';
import { Controller, Get, Headers, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { AppError } from '@reelay/contracts/errors';
import { equalSecrets } from '@reelay/platform/keys';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { AdminOnly } from '../http/access.js';
import { queryOf } from './query-of.js';
import { readUpload } from './read-upload.js';

@AdminOnly()
@Controller('api/admin/tokens')
export class ImportsController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Post('import')
  @HttpCode(202)
  async import(@Req() request: FastifyRequest) {
    const file: unknown = request.body;
    if (!(file instanceof IncomingMessage))
      throw new AppError('invalid_request', 'The body is empty; send the file of accounts as it is.');
    return this.parts.tokenManager.importAccounts(readUpload(file), queryOf(request));
  }

  /** Secrets only for who sends the admin key a second time: a page or a script that merely has a session does not. */
  @Get('export')
  async export(
    @Headers('x-admin-key-confirm') confirmation: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { adminKey, log, tokenManager } = this.parts;
    const withSecrets = confirmation !== undefined;
    if (withSecrets && !equalSecrets(confirmation, adminKey)) {
      log.warn({ from: request.ip }, 'an export of secrets was refused: the key sent again is not the admin key');
      throw new AppError(
        'invalid_api_key',
        'The header x-admin-key-confirm is not the admin key; without it the export has no secrets.',
      );
    }
    const file = await tokenManager.exportAccounts({ withSecrets });
    log.warn({ withSecrets, from: request.ip }, 'accounts are exported');
    const day = new Date().toISOString().slice(0, 10);
    void reply
      .type('application/json; charset=utf-8')
      .header('content-disposition', `attachment; filename="tokens_${day}.json"`)
      .header('cache-control', 'no-store')
      .send(file);
  }
}
