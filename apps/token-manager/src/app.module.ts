import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, Reflector } from '@nestjs/core';
import { BatchesController } from './batches/batches.controller.js';
import type { ErrorFilter } from './http/error.filter.js';
import { type Health, HealthController } from './http/health.controller.js';
import { HEALTH, PARTS } from './http/injection.js';
import { InternalKeyGuard } from './http/internal-key.guard.js';
import { ImportsController } from './import/imports.controller.js';
import { ProxiesController } from './proxies/proxies.controller.js';
import type { TokenManagerParts } from './token-manager-parts.js';
import { TokenLifeController } from './tokens/token-life.controller.js';
import { TokensController } from './tokens/tokens.controller.js';

export interface AppModuleOptions {
  parts: TokenManagerParts;
  health: Health;
  errors: ErrorFilter;
  internalKey: string;
}

/** The whole of Nest in this app: what is inside is made by hand and only handed over here. */
@Module({})
class AppModule {}

export function createAppModule({ parts, health, errors, internalKey }: AppModuleOptions): DynamicModule {
  return {
    module: AppModule,
    controllers: [
      HealthController,
      TokensController,
      TokenLifeController,
      ProxiesController,
      BatchesController,
      ImportsController,
    ],
    providers: [
      { provide: PARTS, useFactory: () => parts },
      { provide: HEALTH, useFactory: () => health },
      { provide: APP_FILTER, useFactory: () => errors },
      {
        provide: APP_GUARD,
        useFactory: (reflector: Reflector) => new InternalKeyGuard(internalKey, reflector),
        inject: [Reflector],
      },
    ],
  };
}
