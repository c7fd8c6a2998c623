import { Readable } from 'node:stream';
import { Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { type BatchView, type ImportQuery, importQuerySchema } from '@reelay/contracts/batches';
import { AppError } from '@reelay/contracts/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BodyPipe } from '../http/body.pipe.js';
import { PARTS } from '../http/injection.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { exportAccounts } from './export-accounts.js';
import { receiveImport } from './receive-import.js';

@Controller('internal')
export class ImportsController {
  constructor(@Inject(PARTS) private readonly parts: TokenManagerParts) {}

  @Post('imports')
  @HttpCode(202)
  async receive(
    @Req() request: FastifyRequest,
    @Query(new BodyPipe(importQuerySchema)) query: ImportQuery,
  ): Promise<BatchView | undefined> {
    if (!(request.body instanceof Readable)) {
      throw new AppError('unsupported_media_type', 'Send the file as application/octet-stream.');
    }
    return receiveImport(this.parts, request.body as AsyncIterable<Uint8Array>, query);
  }

  /** The gateway asks for secrets only where the admin key was sent a second time. */
  @Get('exports')
  export(@Query('secrets') secrets: string | undefined, @Res() reply: FastifyReply): void {
    const file = Readable.from(exportAccounts(this.parts, { withSecrets: secrets === '1' }), { objectMode: false });
    void reply.type('application/json; charset=utf-8').header('cache-control', 'no-store').send(file);
  }
}
