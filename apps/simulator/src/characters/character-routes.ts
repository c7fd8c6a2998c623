import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Account } from '../accounts/account.js';
import { requireSora2 } from '../http/authenticate.js';
import { strictForm } from '../http/multipart.js';
import { strictBody } from '../http/strict-body.js';
import { UpstreamError } from '../http/upstream-error.js';
import { callerOf } from '../tasks/admit-submit.js';
import { generationIdSchema } from '../tasks/body-parts.js';
import { requireDraft } from '../tasks/check-references.js';
import { inspectVideo } from '../uploads/inspect-file.js';
import { keepUpload } from '../uploads/keep-upload.js';
import type { World } from '../world.js';
import { cameoView } from './cameo-view.js';
import type { Character } from './character.js';
import { createCharacter } from './create-character.js';
import { finalizeCharacter, finalizeSchema } from './finalize-character.js';

const LARGEST_VIDEO_BYTES = 200 << 20;

const timestampsSchema = z
  .tuple([z.number().min(0), z.number()])
  .refine(([from, to]) => from < to, 'must be a beginning and an end, in seconds');
const videoFieldsSchema = z.object({
  timestamps: z.string().regex(/^\d+(\.\d+)?,\d+(\.\d+)?$/, 'must be two numbers, as in "0,3"'),
});
const fromGenerationSchema = z.strictObject({
  generation_id: generationIdSchema,
  character_id: z.null(),
  timestamps: timestampsSchema,
});
const updateSchema = z.strictObject({ visibility: z.literal('public') });

interface ById {
  Params: { id: string };
}

/** Characters: found in a video, watched, finalized, shown to everyone and deleted. None of it asks for a sentinel token. */
export function registerCharacterRoutes(server: FastifyInstance, world: World): void {
  const { accounts, characters, now } = world;
  const videoRoute = { bodyLimit: LARGEST_VIDEO_BYTES, config: { endpoint: 'character_upload' } } as const;

  server.post('/backend/characters/upload', videoRoute, (request) => {
    const account = requireSora2(request, accounts);
    const { file, fields } = strictForm(request.body, ['timestamps']);
    const numbers = strictBody(videoFieldsSchema, fields).timestamps.split(',').map(Number);
    const { timestamps } = strictBody(z.object({ timestamps: timestampsSchema }), { timestamps: numbers });
    const facts = inspectVideo(file.content);
    const caller = callerOf(request);
    const { id: uploadId } = keepUpload(world, { account, purpose: 'character_video', file, facts, fields, caller });
    const from = { endpoint: 'character_upload', uploadId, generationId: null } as const;
    return { id: createCharacter(world, { account, ...from, body: fields, timestamps, caller }).id };
  });

  server.post(
    '/backend/characters/from-generation',
    { config: { endpoint: 'character_from_generation' } },
    (request) => {
      const account = requireSora2(request, accounts);
      const body = strictBody(fromGenerationSchema, request.body);
      const { generationId } = requireDraft(world, account, body.generation_id);
      const from = { endpoint: 'character_from_generation', uploadId: null, generationId } as const;
      const { timestamps } = body;
      return { id: createCharacter(world, { account, ...from, body, timestamps, caller: callerOf(request) }).id };
    },
  );

  server.get<ById>('/backend/project_y/cameos/in_progress/:id', { config: { endpoint: 'cameo_status' } }, (request) => {
    const cameo = requireCameo(request.params.id, requireSora2(request, accounts));
    const base = `${request.protocol}://${request.host}`;
    return cameoView(cameo, now(), { base, ttlMs: world.speed.mediaLinkTtlMs });
  });

  server.post('/backend/characters/finalize', { config: { endpoint: 'finalize' } }, (request) => {
    const account = requireSora2(request, accounts);
    const body = strictBody(finalizeSchema, request.body);
    const cameo = requireCameo(body.cameo_id, account);
    const { finalization } = finalizeCharacter(world, account, cameo, body);
    const { characterId, username, displayName } = finalization;
    return { character: { character_id: characterId, username, display_name: displayName } };
  });

  server.post<ById>(
    '/backend/project_y/cameos/by_id/:id/update_v2',
    { config: { endpoint: 'cameo_update' } },
    (request) => {
      const account = requireSora2(request, accounts);
      const { visibility } = strictBody(updateSchema, request.body);
      const cameo = requireCameo(request.params.id, account);
      if (cameo.finalization === null) {
        throw new UpstreamError(400, 'invalid_request', 'This cameo is not finalized yet.', 'cameo_id');
      }
      characters.put({ ...cameo, visibility });
      return { cameo: { id: cameo.id, visibility } };
    },
  );

  server.delete<ById>(
    '/backend/project_y/characters/:id',
    { config: { endpoint: 'character_delete' } },
    (request, reply) => {
      const account = requireSora2(request, accounts);
      const character = characters.findByCharacterId(request.params.id);
      if (character?.account !== account.email) throw notFound('Character', request.params.id);
      characters.put({ ...character, deletedAt: now() });
      return reply.code(204).send();
    },
  );

  function requireCameo(id: string, account: Account): Character {
    const cameo = characters.find(id);
    if (cameo?.account === account.email && cameo.deletedAt === null) return cameo;
    throw notFound('Cameo', id);
  }
}

function notFound(what: string, id: string): UpstreamError {
  return new UpstreamError(404, 'not_found', `${what} ${id} was not found.`);
}
