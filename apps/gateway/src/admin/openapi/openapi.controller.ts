import { Controller, Get, Inject, Req } from '@nestjs/common';
import { adminRoutes } from '@reelay/contracts/admin-api/admin-routes';
import type { OpenApiDocument } from '@reelay/contracts/openapi/document';
import type { FastifyRequest } from 'fastify';
import { GatewayParts } from '../../gateway-parts.js';
import { AdminOnly } from '../../http/access.js';
import { publicUrlOf } from '../../http/public-url.js';
import { describeAdminApi } from './describe-admin-api.js';

@AdminOnly()
@Controller('api/admin/openapi.json')
export class OpenApiController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get()
  describe(@Req() request: FastifyRequest): OpenApiDocument {
    const { publicUrl, version } = this.parts;
    return describeAdminApi({ routes: adminRoutes, version, serverUrl: publicUrlOf(request, publicUrl) });
  }
}
