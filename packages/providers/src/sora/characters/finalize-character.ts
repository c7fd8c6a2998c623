import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { CallContext, Json, LitterNote, SubmitContext, Submitted } from '@reelay/contracts/provider';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { appHeaders } from '../calls/headers.js';
import type { CharacterData } from '../operation-data.js';
import { type PreparedCharacter, preparedCharacterSchema } from './carried-cameo.js';
import { isFinalized, readCameo } from './read-cameo.js';

const finalizedSchema = z.object({ character: z.object({ character_id: z.string().min(1) }) });

/** Gives the cameo its name; from then on it is a character. @throws UpstreamError */
export async function finalizeCharacter(
  request: GenerationRequest,
  prepared: Json,
  context: SubmitContext,
): Promise<Submitted> {
  const chosen = preparedCharacterSchema.parse(prepared);
  const { character } = await callJson(
    context,
    { kind: 'submit', name: 'POST characters/finalize', about: 'character' },
    {
      method: 'POST',
      url: `${context.target.urls.backend}/characters/finalize`,
      headers: appHeaders(context),
      body: JSON.stringify(finalizeBody(chosen)),
      timeoutMs: context.submitTimeoutMs,
      beforeSend: context.beforeSend,
    },
    finalizedSchema,
  );
  return submitted(request, chosen, character.character_id);
}

/** Nobody else finalizes a cameo of ours, so where it is finalized, our request arrived. @throws UpstreamError */
export async function lookUpCharacter(
  request: GenerationRequest,
  prepared: Json,
  context: CallContext,
): Promise<Submitted | undefined> {
  const chosen = preparedCharacterSchema.parse(prepared);
  const cameo = await readCameo(chosen.cameoId, context);
  return isFinalized(cameo) ? submitted(request, chosen, cameo.characterId) : undefined;
}

/** The instructions are null even where the upstream has a hint for them, as with the observed client. */
function finalizeBody({ cameoId, username, displayName, assetPointer }: PreparedCharacter) {
  return {
    cameo_id: cameoId,
    username,
    display_name: displayName,
    profile_asset_pointer: assetPointer,
    instruction_set: null,
    safety_instruction_set: null,
  };
}

function submitted(
  { workflow }: GenerationRequest,
  { cameoId, avatarUrl, username, displayName }: PreparedCharacter,
  characterId: string | undefined,
): Submitted {
  const isTemporary = workflow === 'character_video';
  const data: CharacterData = {
    ...{ type: 'character', cameoId, username, displayName, avatarUrl, isTemporary },
    ...(characterId !== undefined && { characterId }),
  };
  const litter: LitterNote = { kind: 'character', reference: { characterId: characterId ?? null, cameoId, username } };
  return { operation: { id: `character:${cameoId}`, data }, ...(isTemporary && { litter: [litter] }) };
}
