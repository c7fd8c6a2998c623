import { Readable } from 'node:stream';
import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { AppError } from '@reelay/contracts/errors';
import {
  type CreateImage,
  createImageSchema,
  type EditImage,
  editImageSchema,
  type ImageOrder,
  inputOfImage,
  inputOfImageEdit,
} from '@reelay/contracts/openai/images';
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
import { type AnswerImages, answerImages } from './answer-images.js';
import { streamImages } from './stream-images.js';

// The official SDKs always send edits as multipart.
editImageSchema.register(bodyForms, { multipart: true, media: true });

interface Exchange {
  client: ApiKeyIdentity;
  request: FastifyRequest;
  reply: FastifyReply;
  route: 'generations' | 'edits';
}

@Controller('v1/images')
export class ImagesController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Post('generations')
  @TakesTurn()
  @HttpCode(200)
  async generate(
    @Body({ schema: createImageSchema }) body: CreateImage,
    @Client() client: ApiKeyIdentity,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.#make(inputOfImage(body), { client, request, reply, route: 'generations' });
  }

  @Post('edits')
  @TakesTurn()
  @HttpCode(200)
  async edit(
    @Body({ schema: editImageSchema }) body: EditImage,
    @Client() client: ApiKeyIdentity,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const order = inputOfImageEdit(body);
    // The framework holds on to the body for as long as the answer is written.
    body.image = body.images = null;
    await this.#make(order, { client, request, reply, route: 'edits' });
  }

  async #make({ isStreamed, form, ...order }: ImageOrder, exchange: Exchange): Promise<void> {
    const { client, reply, route } = exchange;
    const settings = await this.parts.settings.read();
    if (!settings['media.store']) refuseBase64({ form, isStreamed });
    if (isStreamed) this.parts.streams.take(client.apiKeyId, settings, reply.raw);
    const images = await this.#accept(order, exchange);
    await withLogFields({ generationId: images.references[0].id }, async () => {
      if (isStreamed) {
        reply.hijack();
        const completedType = route === 'edits' ? 'image_edit.completed' : 'image_generation.completed';
        return streamImages(this.parts, { ...images, response: reply.raw, settings, completedType });
      }
      const answer = await answerImages(this.parts, { ...images, form });
      if (answer === undefined) return;
      const body = Symbol.asyncIterator in answer ? Readable.from(answer) : answer;
      void reply.type('application/json; charset=utf-8').send(body);
    });
  }

  async #accept(
    { model, input, count }: Pick<ImageOrder, 'model' | 'input' | 'count'>,
    { client, request, reply, route }: Exchange,
  ): Promise<Omit<AnswerImages, 'form'>> {
    const created = await createGeneration(this.parts, {
      ...{ client, dialect: 'images', route: `POST /v1/images/${route}`, model, input, count },
      marks: retryMarksOf(request),
      isGone: () => reply.raw.destroyed,
    });
    input.media = [];
    releaseBody(request.raw);
    addLogFields(request, { generationId: created.id });
    const publicUrl = publicUrlOf(request, this.parts.publicUrl);
    const references = created.members.map((id) => ({ id, dialect: 'images', publicUrl }) as const);
    return {
      work: created.work,
      references: references as [(typeof references)[number], ...typeof references],
      delivery: new Delivery(reply.raw, created.settle),
    };
  }
}

/** Said before anything is paid for: what is not stored here has an address and nothing else. */
function refuseBase64({ form, isStreamed }: Pick<ImageOrder, 'form' | 'isStreamed'>): void {
  if (!isStreamed && form !== 'b64_json') return;
  throw new AppError(
    'unsupported_parameter',
    'This installation does not store media, so it can give their addresses only: leave stream out, and ask for response_format "url".',
    { param: isStreamed ? 'stream' : 'response_format' },
  );
}
