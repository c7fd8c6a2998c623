import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { pageQuerySchema } from '@reelay/contracts/openai/page';
import {
  type CreateWebhookEndpoint,
  clientWebhookBodies,
  clientWebhookEventTypes,
  type RotateWebhookSecret,
  type TestWebhookEndpoint,
  type UpdateWebhookEndpoint,
  webhookDeliveryQuerySchema,
} from '@reelay/contracts/webhooks';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import { GatewayParts } from '../gateway-parts.js';
import { Client } from '../http/access.js';
import { bodyForms } from '../http/body.pipe.js';
import { checkQuery } from '../http/check-query.js';
import { EndpointActions } from './endpoint-actions.js';

const { create, update, rotate, test } = clientWebhookBodies;
update.register(bodyForms, { optional: true });
rotate.register(bodyForms, { optional: true });

/** In the shapes of the official SDKs, with the log and replays beside. */
@Controller('v1')
export class WebhookEndpointsController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get('webhook_event_types')
  listEventTypes() {
    return { object: 'list', data: clientWebhookEventTypes };
  }

  @Post('webhook_endpoints')
  @HttpCode(200)
  async create(@Body({ schema: create }) body: CreateWebhookEndpoint, @Client() client: ApiKeyIdentity) {
    return this.#of(client).create(body);
  }

  @Get('webhook_endpoints')
  async list(@Query() query: unknown, @Client() client: ApiKeyIdentity) {
    return this.#of(client).list(checkQuery(pageQuerySchema, query));
  }

  @Get('webhook_endpoints/:id')
  async retrieve(@Param('id') id: string, @Client() client: ApiKeyIdentity) {
    return this.#of(client).retrieve(id);
  }

  @Post('webhook_endpoints/:id')
  @HttpCode(200)
  async update(
    @Param('id') id: string,
    @Body({ schema: update }) body: UpdateWebhookEndpoint,
    @Client() client: ApiKeyIdentity,
  ) {
    return this.#of(client).update(id, body);
  }

  @Delete('webhook_endpoints/:id')
  async remove(@Param('id') id: string, @Client() client: ApiKeyIdentity) {
    return this.#of(client).remove(id);
  }

  @Post('webhook_endpoints/:id/rotate_secret')
  @HttpCode(200)
  async rotateSecret(
    @Param('id') id: string,
    @Body({ schema: rotate }) body: RotateWebhookSecret,
    @Client() client: ApiKeyIdentity,
  ) {
    return this.#of(client).rotateSecret(id, body);
  }

  @Post('webhook_endpoints/:id/test')
  @HttpCode(200)
  async test(
    @Param('id') id: string,
    @Body({ schema: test }) body: TestWebhookEndpoint,
    @Client() client: ApiKeyIdentity,
  ) {
    return this.#of(client).test(id, body);
  }

  @Get('webhook_endpoints/:id/deliveries')
  async listDeliveries(@Param('id') id: string, @Query() query: unknown, @Client() client: ApiKeyIdentity) {
    return this.#of(client).listDeliveries(id, checkQuery(webhookDeliveryQuerySchema, query));
  }

  @Post('webhook_endpoints/:id/deliveries/:delivery/replay')
  @HttpCode(200)
  async replay(@Param('id') id: string, @Param('delivery') delivery: string, @Client() client: ApiKeyIdentity) {
    return this.#of(client).replay(id, delivery);
  }

  #of({ ownerId }: ApiKeyIdentity): EndpointActions {
    return new EndpointActions(this.parts, ownerId);
  }
}
