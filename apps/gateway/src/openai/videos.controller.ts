import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { publicId } from '@reelay/contracts/ids';
import { type CreateVideo, createVideoSchema, inputOfVideo } from '@reelay/contracts/openai/videos';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import type { Generation } from '@reelay/db/generations/find-generation';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { cancelGeneration } from '../generations/cancel-generation.js';
import { createGeneration } from '../generations/create-generation.js';
import { deleteGeneration } from '../generations/delete-generation.js';
import { Delivery } from '../generations/delivery.js';
import { withReference } from '../generations/generation-error.js';
import { getGeneration } from '../generations/get-generation.js';
import { waitingFieldsOf } from '../generations/waiting-fields.js';
import { Client } from '../http/access.js';
import { bodyForms } from '../http/body.pipe.js';
import { publicUrlOf } from '../http/public-url.js';
import { addLogFields } from '../http/request-log-fields.js';
import { retryMarksOf } from '../http/retry-marks.js';
import { toAppError } from '../http/to-app-error.js';
import { sendMedia } from '../media/send-media.js';
import { findVideoFile } from './find-video-file.js';
import { videoObjectOf } from './video-object.js';

// Milliseconds; python's poll helper reads it once and keeps it for the whole job.
const pollAfterMs = '2000';
// The official SDKs always send this one as multipart.
createVideoSchema.register(bodyForms, { multipart: true, media: true });

@Controller('v1/videos')
export class VideosController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Post()
  @HttpCode(200)
  async create(
    @Body({ schema: createVideoSchema }) body: CreateVideo,
    @Client() client: ApiKeyIdentity,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { id, settle } = await createGeneration(this.parts, {
      client,
      dialect: 'videos',
      route: 'POST /v1/videos',
      ...inputOfVideo(body),
      marks: retryMarksOf(request),
      isGone: () => reply.raw.destroyed,
    });
    addLogFields(request, { generationId: id });
    const delivery = new Delivery(reply.raw, settle);
    try {
      const video = await this.#show(await getGeneration(this.parts, id, client), request);
      delivery.carryResult();
      return video;
    } catch (error) {
      await delivery.giveUp();
      const publicUrl = publicUrlOf(request, this.parts.publicUrl);
      throw withReference(toAppError(error), { id, dialect: 'videos', publicUrl });
    }
  }

  @Get(':id')
  @Header('openai-poll-after-ms', pollAfterMs)
  async retrieve(@Param('id') id: string, @Client() client: ApiKeyIdentity, @Req() request: FastifyRequest) {
    return this.#show(await getGeneration(this.parts, id, client), request);
  }

  /** No SDK has it, but other servers of this API do. */
  @Post(':id/cancel')
  @HttpCode(200)
  async cancel(@Param('id') id: string, @Client() client: ApiKeyIdentity, @Req() request: FastifyRequest) {
    return this.#show(await cancelGeneration(this.parts, id, client), request);
  }

  @Delete(':id')
  async remove(@Param('id') id: string, @Client() client: ApiKeyIdentity) {
    const { id: ulid } = await deleteGeneration(this.parts, id, client);
    return { id: publicId('videos', ulid), object: 'video.deleted', deleted: true };
  }

  @Get(':id/content')
  async content(
    @Param('id') id: string,
    @Query('variant') variant: unknown,
    @Client() client: ApiKeyIdentity,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const asset = await findVideoFile(this.parts, { id, client, variant });
    const name = publicId('videos', asset.generationId ?? asset.id);
    await sendMedia(request, reply, { asset, storage: this.parts.storage, name, disposition: 'attachment' });
  }

  async #show(generation: Generation, request: FastifyRequest) {
    const video = await videoObjectOf(generation, this.parts.links, publicUrlOf(request, this.parts.publicUrl));
    return { ...video, ...(await waitingFieldsOf(this.parts, generation)) };
  }
}
