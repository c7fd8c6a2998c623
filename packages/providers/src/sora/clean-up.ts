import type { CallContext, Json } from '@reelay/contracts/provider';
import { isUpstreamError, UpstreamError } from '@reelay/contracts/upstream-error';
import { z } from 'zod';
import { send } from './calls/call-json.js';
import { classifyAnswer } from './calls/classify-failure.js';
import { bareHeaders } from './calls/headers.js';
import type { UpstreamStep } from './calls/upstream-step.js';
import { readCameo } from './characters/read-cameo.js';

const postSchema = z.object({ postId: z.string() });
const characterSchema = z.object({ characterId: z.string().nullish(), cameoId: z.string() });

/** Removes what a step left upstream; what is not there any more is removed. @throws UpstreamError */
export async function cleanUp(
  { kind, reference }: { kind: string; reference: Json },
  context: CallContext,
): Promise<void> {
  if (kind === 'post') {
    const post = postSchema.safeParse(reference);
    if (post.success) return remove('project_y/post', post.data.postId, context);
  } else if (kind === 'character') {
    const character = characterSchema.safeParse(reference);
    if (character.success) return removeCharacter(character.data, context);
  }
  throw failed(
    'internal_error',
    `The Sora provider does not know how to remove this "${kind}". Update Reelay to the release that wrote it.`,
  );
}

/** Its id is missing where the answer to the finalization was lost; then only the cameo can say it. */
async function removeCharacter({ characterId, cameoId }: z.infer<typeof characterSchema>, context: CallContext) {
  if (characterId) return remove('project_y/characters', characterId, context);
  const cameo = await readCameo(cameoId, context).catch(undefinedIfGone);
  if (cameo === undefined) return;
  if (cameo.characterId !== undefined) return remove('project_y/characters', cameo.characterId, context);
  throw failed(
    'upstream_failed',
    `The upstream does not say which character was made of cameo ${cameoId}. Remove it by hand in the upstream's own app.`,
  );
}

/** It went with its character, removed by a worker that died before it could say so. */
function undefinedIfGone(error: unknown): undefined {
  if (!isUpstreamError(error) || error.code !== 'character_failed') throw error;
}

async function remove(collection: string, id: string, context: CallContext): Promise<void> {
  const step: UpstreamStep = { kind: 'call', name: `DELETE ${collection}` };
  const url = `${context.target.urls.backend}/${collection}/${encodeURIComponent(id)}`;
  const response = await send(context, step, { method: 'DELETE', url, headers: bareHeaders(context) });
  if (![200, 204, 404, 410].includes(response.status)) throw classifyAnswer(step, response, context.now());
}

function failed(code: 'internal_error' | 'upstream_failed', message: string): UpstreamError {
  return new UpstreamError({ code, message, submitClass: 'refused', fault: 'upstream' });
}
