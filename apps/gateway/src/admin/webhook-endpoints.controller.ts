import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { pageQuerySchema } from '@reelay/contracts/openai/page';
import {
  type CreateWebhookEndpoint,
  operatorWebhookBodies,
  operatorWebhookEventTypes,
  type RotateWebhookSecret,
  type TestWebhookEndpoint,
  type UpdateWebhookEndpoint,
  webhookDeliveryQuerySchema,
} from '@reelay/contracts/webhooks';
import { GatewayParts } from '../gateway-parts.js';
import { AdminOnly } from '../http/access.js';
import { bodyForms } from '../http/body.pipe.js';
import { checkQuery } from '../http/check-query.js';
import { EndpointActions } from '../webhooks/endpoint-actions.js';

const { create, update, rotate, test } = operatorWebhookBodies;
update.register(bodyForms, { optional: true });
rotate.register(bodyForms, { optional: true });

/** The operator's own endpoints, which hear of accounts, of the pool and of everybody's generations. */
@AdminOnly()
@Controller('api/admin')
export class OperatorWebhooksController {
  readonly #endpoints: EndpointActions;

  constructor(@Inject(GatewayParts) parts: GatewayParts) {
    this.#endpoints = new EndpointActions(parts, null);
  }

  @Get('webhook_event_types')
  listEventTypes() {
    return { object: 'list', data: operatorWebhookEventTypes };
  }

  @Post('webhook_endpoints')
  @HttpCode(200)
  async create(@Body({ schema: create }) body: CreateWebhookEndpoint) {
    return this.#endpoints.create(body);
  }

  @Get('webhook_endpoints')
  async list(@Query() query: unknown) {
    return this.#endpoints.list(checkQuery(pageQuerySchema, query));
  }

  @Get('webhook_endpoints/:id')
  async retrieve(@Param('id') id: string) {
    return this.#endpoints.retrieve(id);
  }

  @Post('webhook_endpoints/:id')
  @HttpCode(200)
  async update(@Param('id') id: string, @Body({ schema: update }) body: UpdateWebhookEndpoint) {
    return this.#endpoints.update(id, body);
  }

  @Delete('webhook_endpoints/:id')
  async remove(@Param('id') id: string) {
    return this.#endpoints.remove(id);
  }

  @Post('webhook_endpoints/:id/rotate_secret')
  @HttpCode(200)
  async rotateSecret(@Param('id') id: string, @Body({ schema: rotate }) body: RotateWebhookSecret) {
    return this.#endpoints.rotateSecret(id, body);
  }

  @Post('webhook_endpoints/:id/test')
  @HttpCode(200)
  async test(@Param('id') id: string, @Body({ schema: test }) body: TestWebhookEndpoint) {
    return this.#endpoints.test(id, body);
  }

  @Get('webhook_endpoints/:id/deliveries')
  async listDeliveries(@Param('id') id: string, @Query() query: unknown) {
    return this.#endpoints.listDeliveries(id, checkQuery(webhookDeliveryQuerySchema, query));
  }

  @Post('webhook_endpoints/:id/deliveries/:delivery/replay')
  @HttpCode(200)
  async replay(@Param('id') id: string, @Param('delivery') delivery: string) {
    return this.#endpoints.replay(id, delivery);
  }
}
