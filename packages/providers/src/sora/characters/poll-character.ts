import type { CallContext, Operation, PollOutcome } from '@reelay/contracts/provider';
import { call } from '../calls/call-json.js';
import { appHeaders } from '../calls/headers.js';
import type { CharacterData } from '../operation-data.js';

/**
 * A character that is kept is shown to everybody, so that anyone's prompt can name it, and is done. One that is made for a video goes on
 * to it and stays private. @throws UpstreamError
 */
export async function pollCharacter(
  operation: Operation,
  data: CharacterData,
  context: CallContext,
): Promise<PollOutcome> {
  const { cameoId, characterId, username, displayName, avatarUrl } = data;
  const ids = { cameoId, ...(characterId !== undefined && { characterId }) };
  if (data.isTemporary) return { state: 'next', operation, carried: { username, ...ids } };
  await makePublic(cameoId, context);
  return {
    state: 'done',
    operation,
    media: [{ url: avatarUrl, kind: 'image' }],
    character: { username, displayName, ...ids },
  };
}

/** A second time it changes nothing. */
async function makePublic(cameoId: string, context: CallContext): Promise<void> {
  await call(
    context,
    { kind: 'call', name: 'POST project_y/cameos/update_v2' },
    {
      method: 'POST',
      url: `${context.target.urls.backend}/project_y/cameos/by_id/${encodeURIComponent(cameoId)}/update_v2`,
      headers: appHeaders(context),
      body: JSON.stringify({ visibility: 'public' }),
    },
  );
}
