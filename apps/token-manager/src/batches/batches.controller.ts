import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import {
  type BatchList,
  type BatchListQuery,
  type BatchPage,
  type BatchRowsQuery,
  type BatchView,
  batchListQuerySchema,
  batchRowsQuerySchema,
  type CreateBatch,
  createBatchSchema,
} from '@reelay/contracts/batches';
import { BodyPipe } from '../http/body.pipe.js';
import { PARTS } from '../http/injection.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { createTokenBatch } from './create-token-batch.js';
import { listAllBatches, showBatch, stopBatch } from './show-batch.js';

@Controller('internal/batches')
export class BatchesController {
  constructor(@Inject(PARTS) private readonly parts: TokenManagerParts) {}

  @Post()
  @HttpCode(202)
  create(@Body(new BodyPipe(createBatchSchema)) body: CreateBatch): Promise<BatchView | undefined> {
    return createTokenBatch(this.parts, body);
  }

  @Get()
  list(@Query(new BodyPipe(batchListQuerySchema)) query: BatchListQuery): Promise<BatchList> {
    return listAllBatches(this.parts, query);
  }

  @Get(':id')
  show(@Param('id') id: string, @Query(new BodyPipe(batchRowsQuerySchema)) query: BatchRowsQuery): Promise<BatchPage> {
    return showBatch(this.parts, id, query);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  cancel(@Param('id') id: string): Promise<BatchPage> {
    return stopBatch(this.parts, id, batchRowsQuerySchema.parse({}));
  }
}
