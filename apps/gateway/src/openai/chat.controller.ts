import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { publicId } from '@reelay/contracts/ids';
import { getModel } from '@reelay/contracts/models';
import { type ChatCompletion, chatCompletionSchema, inputOfChat } from '@reelay/contracts/openai/chat';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import { withLogFields } from '@reelay/platform/logger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { createGeneration } from '../generations/create-generation.js';
import { Delivery } from '../generations/delivery.js';
import { Client } from '../http/access.js';
import { bodyForms } from '../http/body.pipe.js';
import { releaseBody } from '../http/body-limits.js';
import { publicUrlOf } from '../http/public-url.js';
import { addLogFields } from '../http/request-log-fields.js';
import { TakesTurn } from '../http/request-turns.js';
import { retryMarksOf } from '../http/retry-marks.js';
import { type AnswerChat, answerChat } from './answer-chat.js';
import { ChatChunks } from './chat-chunks.js';
import { streamChat } from './stream-chat.js';

chatCompletionSchema.register(bodyForms, { media: true });

@Controller('v1/chat')
export class ChatController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Post('completions')
  @TakesTurn()
  @HttpCode(200)
  async complete(
    @Body({ schema: chatCompletionSchema }) body: ChatCompletion,
    @Client() client: ApiKeyIdentity,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const isStreamed = body.stream ?? false;
    const includeUsage = body.stream_options?.include_usage ?? false;
    if (isStreamed) this.parts.streams.take(client.apiKeyId, await this.parts.settings.read(), reply.raw);
    const chat = await this.#accept(body, client, request, reply);
    await withLogFields({ generationId: chat.reference.id }, async () => {
      if (isStreamed) return this.#stream(chat, includeUsage, reply);
      const answer = await answerChat(this.parts, chat);
      if (answer) void reply.send(answer);
    });
  }

  async #accept(
    body: ChatCompletion,
    client: ApiKeyIdentity,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<AnswerChat> {
    const created = await createGeneration(this.parts, {
      client,
      dialect: 'chat',
      route: 'POST /v1/chat/completions',
      model: getModel(body.model),
      input: inputOfChat(body),
      marks: retryMarksOf(request),
      isGone: () => reply.raw.destroyed,
    });
    forgetBody(body, request);
    addLogFields(request, { generationId: created.id });
    const publicUrl = publicUrlOf(request, this.parts.publicUrl);
    return {
      work: created.work,
      reference: { id: created.id, dialect: 'chat', publicUrl },
      delivery: new Delivery(reply.raw, created.settle),
    };
  }

  async #stream(chat: AnswerChat, includeUsage: boolean, reply: FastifyReply): Promise<void> {
    const id = publicId('chat', chat.reference.id);
    const created = Math.floor(Date.now() / 1000);
    const chunks = new ChatChunks({ id, created, model: chat.work.model, includeUsage });
    const settings = await this.parts.settings.read();
    reply.hijack();
    await streamChat(this.parts, { ...chat, response: reply.raw, chunks, settings });
  }
}

/** The framework holds on to the body for as long as the answer is written; with a video in it that would be megabytes for minutes. */
function forgetBody(body: ChatCompletion, request: FastifyRequest): void {
  body.messages = [];
  body.image = null;
  body.video = null;
  releaseBody(request.raw);
}
