import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { Public } from '../http/access.js';
import { findLinkedAsset } from './find-linked-asset.js';
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
    const asset = await findLinkedAsset(this.parts, fileName, query);
    await sendMedia(request, reply, { asset, parts: this.parts, name: asset.id, disposition: 'inline' });
  }
}
