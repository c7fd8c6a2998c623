import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { AppError } from '@reelay/contracts/errors';
import { findAsset } from '@reelay/db/assets/find-asset';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { Public } from '../http/access.js';
import { sendMedia } from './send-media.js';

@Controller('media')
export class MediaController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  /** Public, because the signature in the link is the key. */
  @Public()
  @Get(':fileName')
  async read(
    @Param('fileName') fileName: string,
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { database, storage, links } = this.parts;
    const asset = await findAsset(database, links.verify(fileName, query));
    if (!asset) throw new AppError('not_found', 'The file this link was made for was deleted.');
    await sendMedia(request, reply, { asset, storage, name: asset.id, disposition: 'inline' });
  }
}
