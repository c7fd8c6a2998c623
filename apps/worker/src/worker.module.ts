import { type DynamicModule, Module } from '@nestjs/common';
import { createWorker, type WorkerOptions } from './create-worker.js';

export const WORKER = Symbol('worker');

@Module({})
class WorkerModule {}

/** The rim: Nest holds the finished worker and nothing inside it. */
export function workerModule(options: WorkerOptions): DynamicModule {
  return {
    module: WorkerModule,
    providers: [{ provide: WORKER, useFactory: () => createWorker(options) }],
    exports: [WORKER],
  };
}
