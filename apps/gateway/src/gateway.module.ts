import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { ApiKeysController } from './admin/api-keys.controller.js';
import { BatchesController } from './admin/batches.controller.js';
import { ImportsController } from './admin/imports.controller.js';
import { OpenApiController } from './admin/openapi/openapi.controller.js';
import { OperatorEventsController } from './admin/operator-events.controller.js';
import { ProxiesController } from './admin/proxies.controller.js';
import { StatisticsController } from './admin/statistics.controller.js';
import { StatusController } from './admin/status.controller.js';
import { TokenLifeController } from './admin/token-life.controller.js';
import { TokensController } from './admin/tokens.controller.js';
import { OperatorWebhooksController } from './admin/webhook-endpoints.controller.js';
import { DocumentationController } from './documentation/documentation.controller.js';
import { EventsController } from './events/events.controller.js';
import { FilesController } from './files/files.controller.js';
import { GatewayParts } from './gateway-parts.js';
import { GenerationsController } from './generations/generations.controller.js';
import { BodyPipe } from './http/body.pipe.js';
import type { ErrorFilter } from './http/error.filter.js';
import { HealthController } from './http/health.controller.js';
import type { KeyGuard } from './http/key.guard.js';
import { RootController } from './http/root.controller.js';
import { Uploads } from './http/uploads.js';
import { MediaController } from './media/media.controller.js';
import { ChatController } from './openai/chat.controller.js';
import { ImagesController } from './openai/images.controller.js';
import { ModelsController } from './openai/models.controller.js';
import { UsageController } from './openai/usage.controller.js';
import { VideoActionsController } from './openai/video-actions.controller.js';
import { VideosController } from './openai/videos.controller.js';
import { WebhookEndpointsController } from './webhooks/webhook-endpoints.controller.js';

export interface GatewayModuleParts {
  parts: GatewayParts;
  guard: KeyGuard;
  errors: ErrorFilter;
}

@Module({})
class GatewayModule {}

/** The one Nest module: routes, the guard, the body pipe and the error filter. */
export function createGatewayModule({ parts, guard, errors }: GatewayModuleParts): DynamicModule {
  return {
    module: GatewayModule,
    controllers: [
      ChatController,
      ImagesController,
      VideosController,
      VideoActionsController,
      ModelsController,
      UsageController,
      FilesController,
      WebhookEndpointsController,
      GenerationsController,
      EventsController,
      MediaController,
      ImportsController,
      TokensController,
      TokenLifeController,
      BatchesController,
      ApiKeysController,
      ProxiesController,
      StatusController,
      StatisticsController,
      OperatorEventsController,
      OperatorWebhooksController,
      OpenApiController,
      DocumentationController,
      HealthController,
      RootController,
    ],
    providers: [
      { provide: GatewayParts, useFactory: () => parts },
      { provide: APP_GUARD, useFactory: () => guard },
      {
        provide: APP_PIPE,
        useFactory: () => new BodyPipe({ budget: parts.budget, uploads: new Uploads(parts), turns: parts.turns }),
      },
      { provide: APP_FILTER, useFactory: () => errors },
    ],
  };
}
