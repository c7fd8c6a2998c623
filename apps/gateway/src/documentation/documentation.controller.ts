import { createReadStream } from 'node:fs';
import { Controller, Get, Header, Inject, Param, Req, Res } from '@nestjs/common';
import { AppError } from '@reelay/contracts/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { Public } from '../http/access.js';
import { publicUrlOf } from '../http/public-url.js';
import { findPageFile, page, pagePolicy, startScript } from './page.js';
import { WrittenDescription } from './written-description.js';

/** Public: all of it stands in the source, is the same on every installation, and names no account, key or setting of this one. */
@Public()
@Controller()
export class DocumentationController {
  #description: WrittenDescription | undefined;

  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get('openapi.json')
  @Header('content-type', 'application/json; charset=utf-8')
  describe(@Req() request: FastifyRequest): string {
    const { publicUrl, version } = this.parts;
    this.#description ??= new WrittenDescription(version);
    return this.#description.at(publicUrlOf(request, publicUrl));
  }

  @Get('docs')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', pagePolicy)
  @Header('x-content-type-options', 'nosniff')
  @Header('x-frame-options', 'DENY')
  @Header('referrer-policy', 'no-referrer')
  show(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    // Below a slash the page's own addresses would lead to nothing.
    if (/\/(\?|$)/.test(request.raw.url ?? '')) void reply.code(308).header('location', '../docs');
    return page;
  }

  @Get('docs/start.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  @Header('x-content-type-options', 'nosniff')
  start(): string {
    return startScript;
  }

  @Get('docs/:fileName')
  async file(@Param('fileName') fileName: string, @Res() reply: FastifyReply): Promise<void> {
    const file = findPageFile(fileName);
    if (!file) throw new AppError('route_not_found', 'The page has no such file: open /docs.');
    void reply
      .headers({ 'cache-control': 'public, max-age=3600', 'x-content-type-options': 'nosniff' })
      .type(file.contentType)
      .send(createReadStream(file.path));
  }
}
