import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { isTerminal } from '@reelay/contracts/domain';
import { AppError } from '@reelay/contracts/errors';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { getGeneration } from '../generations/get-generation.js';
import { Client } from '../http/access.js';
import { publicUrlOf } from '../http/public-url.js';
import { addLogFields } from '../http/request-log-fields.js';
import { startOf } from './event-lines.js';
import { streamEvents } from './stream-events.js';

@Controller('v1/generations')
export class EventsController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Get(':id/events')
  async stream(
    @Param('id') id: string,
    @Query('after') after: unknown,
    @Client() client: ApiKeyIdentity,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const start = startOf(request.headers['last-event-id'], after);
    if (start === 'invalid') {
      throw new AppError('invalid_value', '"after" is the number of the last event you have, such as 3; 0 is none.', {
        param: 'after',
      });
    }
    const generation = await getGeneration(this.parts, id, client);
    addLogFields(request, { generationId: generation.id });
    // Nothing is left to tell: this is how a browser learns not to come back.
    if (isTerminal(generation.state) && start === generation.seq) return void reply.code(204).send();
    const settings = await this.parts.settings.read();
    if (request.method === 'HEAD') return void reply.type('text/event-stream; charset=utf-8').send();
    this.parts.streams.take(client.apiKeyId, settings, reply.raw);
    reply.hijack();
    // Not waited for: what is kept for a handler that runs would be kept as long as the stream.
    streamEvents(this.parts, {
      ...{ id: generation.id, dialect: generation.dialect, ownerId: client.ownerId, settings, response: reply.raw },
      // A number that was never given out: of another stream, or from before a restored backup.
      afterSeq: start > generation.seq ? 0 : start,
      publicUrl: publicUrlOf(request, this.parts.publicUrl),
    });
  }
}
