import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import {
  type CreateCharacter,
  createCharacterSchema,
  type EditVideo,
  type ExtendVideo,
  editVideoSchema,
  extendVideoSchema,
  inputOfCharacter,
  inputOfExtension,
  type RemixVideo,
  readVideo,
  refuseEdit,
  remixVideoSchema,
} from '@reelay/contracts/openai/video-actions';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { getGeneration } from '../generations/get-generation.js';
import { Client } from '../http/access.js';
import { bodyForms } from '../http/body.pipe.js';
import { publicUrlOf } from '../http/public-url.js';
import { TakesTurn } from '../http/request-turns.js';
import { characterObjectOf } from './character-object.js';
import { createCharacter } from './create-character.js';
import { createVideo } from './create-video.js';
import { planRemix } from './remix-video.js';

// The official SDKs send all but the remix as multipart.
remixVideoSchema.register(bodyForms, { multipart: true });
extendVideoSchema.register(bodyForms, { multipart: true, media: true });
editVideoSchema.register(bodyForms, { multipart: true, media: true });
createCharacterSchema.register(bodyForms, { multipart: true, media: true });

/** What is done with a video that is there. Ids of generations never equal the names of these routes. */
@Controller('v1/videos')
export class VideoActionsController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Post(':id/remix')
  @TakesTurn()
  @HttpCode(200)
  async remix(
    @Param('id') id: string,
    @Body({ schema: remixVideoSchema }) body: RemixVideo,
    @Client() client: ApiKeyIdentity,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const source = await getGeneration(this.parts, id, client);
    const planned = await planRemix(this.parts, { source, body, client });
    return createVideo(this.parts, { route: 'POST /v1/videos/{id}/remix', ...planned, client, request, reply });
  }

  @Post('extensions')
  @TakesTurn()
  @HttpCode(200)
  async extend(
    @Body({ schema: extendVideoSchema }) body: ExtendVideo,
    @Client() client: ApiKeyIdentity,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const planned = inputOfExtension(body);
    return createVideo(this.parts, { route: 'POST /v1/videos/extensions', ...planned, client, request, reply });
  }

  @Post('edits')
  @TakesTurn()
  @HttpCode(200)
  async edit(@Body({ schema: editVideoSchema }) body: EditVideo, @Client() client: ApiKeyIdentity): Promise<never> {
    const video = readVideo(body.video);
    if ('id' in video) await getGeneration(this.parts, video.id, client, video.param);
    return refuseEdit(body);
  }

  @Post('characters')
  @TakesTurn()
  @HttpCode(200)
  async createCharacter(
    @Body({ schema: createCharacterSchema }) body: CreateCharacter,
    @Client() client: ApiKeyIdentity,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const forgetBody = () => {
      body.video = undefined;
    };
    return createCharacter(this.parts, { ...inputOfCharacter(body), client, request, reply, forgetBody });
  }

  @Get('characters/:id')
  async getCharacter(@Param('id') id: string, @Client() client: ApiKeyIdentity, @Req() request: FastifyRequest) {
    const generation = await getGeneration(this.parts, id, client);
    return characterObjectOf(generation, this.parts.links, publicUrlOf(request, this.parts.publicUrl));
  }
}
