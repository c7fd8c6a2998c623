/** Accepts a generation that is shown as a video object at once, whichever route of the videos API asked for it. */
import type { Model } from '@reelay/contracts/models';
import type { RequestInput } from '@reelay/contracts/request/request-input';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayParts } from '../gateway-parts.js';
import { createGeneration } from '../generations/create-generation.js';
import { Delivery } from '../generations/delivery.js';
import { withReference } from '../generations/generation-error.js';
import { getGeneration } from '../generations/get-generation.js';
import { publicUrlOf } from '../http/public-url.js';
import { addLogFields } from '../http/request-log-fields.js';
import { retryMarksOf } from '../http/retry-marks.js';
import { toAppError } from '../http/to-app-error.js';
import { showVideo } from './show-videos.js';

export interface CreateVideo {
  route: string;
  model: Model;
  input: RequestInput;
  client: ApiKeyIdentity;
  request: FastifyRequest;
  reply: FastifyReply;
}

/** @throws AppError those of `createGeneration` */
export async function createVideo(parts: GatewayParts, { client, request, reply, ...wanted }: CreateVideo) {
  const { id, settle, fresh } = await createGeneration(parts, {
    ...{ ...wanted, client, dialect: 'videos', marks: retryMarksOf(request) },
    isGone: () => reply.raw.destroyed,
  });
  addLogFields(request, { generationId: id });
  const delivery = new Delivery(reply.raw, settle);
  const publicUrl = publicUrlOf(request, parts.publicUrl);
  try {
    const video = await showVideo(parts, fresh ?? (await getGeneration(parts, id, client)), publicUrl);
    delivery.carryResult();
    return video;
  } catch (error) {
    await delivery.giveUp();
    throw withReference(toAppError(error), { id, dialect: 'videos', publicUrl });
  }
}
