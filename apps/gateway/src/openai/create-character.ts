/** Makes a character and answers when it is there, as OpenAI does; a client that cannot wait so long finds it by the id of the 504. */
import type { Model } from '@reelay/contracts/models';
import type { RequestInput } from '@reelay/contracts/request/request-input';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayParts } from '../gateway-parts.js';
import { createGeneration } from '../generations/create-generation.js';
import { Delivery } from '../generations/delivery.js';
import { getGeneration } from '../generations/get-generation.js';
import { waitForResult } from '../generations/wait-for-result.js';
import { releaseBody } from '../http/body-limits.js';
import { publicUrlOf } from '../http/public-url.js';
import { addLogFields } from '../http/request-log-fields.js';
import { retryMarksOf } from '../http/retry-marks.js';
import { characterObjectOf } from './character-object.js';

export interface CreateCharacter {
  model: Model;
  input: RequestInput;
  client: ApiKeyIdentity;
  request: FastifyRequest;
  reply: FastifyReply;
  /** Called when nothing of the body is needed any more. */
  forgetBody: () => void;
}

/**
 * Undefined when the client is gone.
 * @throws AppError those of `createGeneration`, `still_running`, `gateway_restarting`, or what it failed with
 */
export async function createCharacter(parts: GatewayParts, create: CreateCharacter) {
  const { client, request, reply, model, input } = create;
  const { id, settle } = await createGeneration(parts, {
    ...{ client, model, input, dialect: 'videos', route: 'POST /v1/videos/characters', marks: retryMarksOf(request) },
    isGone: () => reply.raw.destroyed,
  });
  create.forgetBody();
  releaseBody(request.raw);
  addLogFields(request, { generationId: id });
  const publicUrl = publicUrlOf(request, parts.publicUrl);
  const delivery = new Delivery(reply.raw, settle);
  const reference = { id, dialect: 'videos', publicUrl } as const;
  const describe = async () => characterObjectOf(await getGeneration(parts, id, client), parts.links, publicUrl);
  return waitForResult(parts, { reference, delivery, describe });
}
