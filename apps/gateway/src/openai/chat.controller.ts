import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { publicId } from '@reelay/contracts/ids';
import { getModel } from '@reelay/contracts/models';
import { type ChatCompletion, chatCompletionSchema, promptOfChat } from '@reelay/contracts/openai/chat';
import { requestOfModel } from '@reelay/contracts/openai/videos';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import { withLogFields } from '@reelay/platform/logger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { createGeneration } from '../generations/create-generation.js';
import { Delivery } from '../generations/delivery.js';
import { failureOf, type GenerationReference, restarting, stillRunning } from '../generations/generation-error.js';
import { Client } from '../http/access.js';
import { publicUrlOf } from '../http/public-url.js';
import { addLogFields } from '../http/request-log-fields.js';
import { retryMarksOf } from '../http/retry-marks.js';
import { chatCompletionObject, chatContentOf } from './chat-answer.js';
import { ChatChunks } from './chat-chunks.js';
import { streamChat } from './stream-chat.js';

@Controller('v1/chat')
export class ChatController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Post('completions')
  @HttpCode(200)
  async complete(
    @Body({ schema: chatCompletionSchema }) body: ChatCompletion,
    @Client() client: ApiKeyIdentity,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const model = getModel(body.model);
    const prompt = promptOfChat(body);
    const marks = retryMarksOf(request);
    const { id, settle } = await createGeneration(this.parts, {
      client,
      dialect: 'chat',
      request: requestOfModel(model, prompt),
      fingerprint: { route: 'POST /v1/chat/completions', fields: body },
      marks,
    });
    addLogFields(request, { generationId: id });
    const reference: GenerationReference = {
      id,
      dialect: 'chat',
      publicUrl: publicUrlOf(request, this.parts.publicUrl),
    };
    const delivery = new Delivery(reply.raw, settle);
    await withLogFields({ generationId: id }, () =>
      body.stream
        ? this.#stream(body, prompt, reference, delivery, reply)
        : this.#answer(body, prompt, reference, delivery, reply),
    );
  }

  async #stream(
    body: ChatCompletion,
    prompt: string,
    reference: GenerationReference,
    delivery: Delivery,
    reply: FastifyReply,
  ) {
    const { hub, links, stopping, settings } = this.parts;
    const { 'stream.keepAliveMs': keepAliveMs } = await settings.read();
    const chunks = new ChatChunks({
      id: publicId('chat', reference.id),
      created: Math.floor(Date.now() / 1000),
      model: body.model,
      includeUsage: body.stream_options?.include_usage ?? false,
    });
    reply.hijack();
    await streamChat({ response: reply.raw, reference, prompt, chunks, delivery, hub, links, stopping, keepAliveMs });
  }

  async #answer(
    body: ChatCompletion,
    prompt: string,
    reference: GenerationReference,
    delivery: Delivery,
    reply: FastifyReply,
  ) {
    const { hub, links, stopping, settings } = this.parts;
    try {
      const { 'generation.waitMs': waitMs } = await settings.read();
      const enough = AbortSignal.any([delivery.gone, stopping, AbortSignal.timeout(waitMs)]);
      const end = await hub.waitForEnd(reference.id, enough);
      if (delivery.gone.aborted) return;
      if (!end) throw stopping.aborted ? restarting(reference) : stillRunning(reference, waitMs);
      delivery.carryResult();
      if (end.type !== 'generation.succeeded') throw failureOf(end.data.error, reference);
      const content = await chatContentOf(end.data.result, links, reference.publicUrl);
      const id = publicId('chat', reference.id);
      void reply.send(
        chatCompletionObject({ id, created: Math.floor(Date.now() / 1000), model: body.model, prompt, content }),
      );
    } catch (error) {
      if (!delivery.carriesResult) await delivery.giveUp();
      throw error;
    }
  }
}
