import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { publicId } from '@reelay/contracts/ids';
import { type CreateVideo, createVideoSchema, inputOfVideo } from '@reelay/contracts/openai/videos';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import type { Generation } from '@reelay/db/generations/find-generation';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { cancelGeneration } from '../generations/cancel-generation.js';
import { deleteGeneration } from '../generations/delete-generation.js';
import { getGeneration } from '../generations/get-generation.js';
import { Client } from '../http/access.js';
import { bodyForms } from '../http/body.pipe.js';
import { publicUrlOf } from '../http/public-url.js';
import { TakesTurn } from '../http/request-turns.js';
import { redirect, sendMedia } from '../media/send-media.js';
import { createVideo } from './create-video.js';
import { findVideoFile } from './find-video-file.js';
import { listVideos, showVideo } from './show-videos.js';

// Milliseconds; python's poll helper reads it once and keeps it for the whole job.
const pollAfterMs = '2000';
// The official SDKs always send this one as multipart.
createVideoSchema.register(bodyForms, { multipart: true, media: true });

@Controller('v1/videos')
export class VideosController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Post()
  @TakesTurn()
  @HttpCode(200)
  async create(
    @Body({ schema: createVideoSchema }) body: CreateVideo,
    @Client() client: ApiKeyIdentity,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return createVideo(this.parts, { route: 'POST /v1/videos', ...inputOfVideo(body), client, request, reply });
  }

  @Get()
  async list(@Query() query: unknown, @Client() client: ApiKeyIdentity, @Req() request: FastifyRequest) {
    return listVideos(this.parts, { client, query }, publicUrlOf(request, this.parts.publicUrl));
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
    const file = await findVideoFile(this.parts, { id, client, variant });
    if ('address' in file) return redirect(reply, file.address);
    const { asset } = file;
    const name = publicId('videos', asset.generationId ?? asset.id);
    await sendMedia(request, reply, { asset, parts: this.parts, name, disposition: 'attachment' });
  }

  async #show(generation: Generation, request: FastifyRequest) {
    return showVideo(this.parts, generation, publicUrlOf(request, this.parts.publicUrl));
  }
}
