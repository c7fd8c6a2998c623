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
import type { GenerationReference } from '../generations/generation-error.js';
import { Client } from '../http/access.js';
import { publicUrlOf } from '../http/public-url.js';
import { addLogFields } from '../http/request-log-fields.js';
import { retryMarksOf } from '../http/retry-marks.js';
import { type AnswerChat, answerChat } from './answer-chat.js';
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
    const { id, settle } = await createGeneration(this.parts, {
      client,
      dialect: 'chat',
      request: requestOfModel(model, prompt),
      fingerprint: { route: 'POST /v1/chat/completions', fields: body },
      marks: retryMarksOf(request),
    });
    addLogFields(request, { generationId: id });
    const publicUrl = publicUrlOf(request, this.parts.publicUrl);
    const reference: GenerationReference = { id, dialect: 'chat', publicUrl };
    const chat = { model: model.id, prompt, reference, delivery: new Delivery(reply.raw, settle) };
    await withLogFields({ generationId: id }, async () => {
      if (body.stream) return this.#stream(chat, body.stream_options?.include_usage ?? false, reply);
      const answer = await answerChat(this.parts, chat);
      if (answer) void reply.send(answer);
    });
  }

  async #stream(chat: AnswerChat, includeUsage: boolean, reply: FastifyReply): Promise<void> {
    const id = publicId('chat', chat.reference.id);
    const created = Math.floor(Date.now() / 1000);
    const chunks = new ChatChunks({ id, created, model: chat.model, includeUsage });
    const { 'stream.keepAliveMs': keepAliveMs } = await this.parts.settings.read();
    reply.hijack();
    await streamChat(this.parts, { ...chat, response: reply.raw, chunks, keepAliveMs });
  }
}
