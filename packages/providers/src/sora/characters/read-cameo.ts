import type { CallContext } from '@reelay/contracts/provider';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { appHeaders } from '../calls/headers.js';

const text = z.string().nullish().catch(null);

/** No field of it is sure to be there, and only the address of the avatar is needed. */
const cameoSchema = z.object({
  status: text,
  status_message: text,
  username_hint: text,
  display_name_hint: text,
  profile_asset_url: text,
  /** Not in the observed answers; read in case a finalized one says it. */
  character_id: text,
  character: z.object({ character_id: text }).nullish().catch(null),
});

export interface Cameo {
  status: string | undefined;
  message: string | undefined;
  usernameHint: string | undefined;
  displayNameHint: string | undefined;
  avatarUrl: string | undefined;
  characterId: string | undefined;
}

/** How far the upstream is with a video that is to become a character. Source: sora-web.md 1.3.5. @throws UpstreamError */
export async function readCameo(cameoId: string, context: CallContext): Promise<Cameo> {
  const cameo = await callJson(
    context,
    { kind: 'call', name: 'GET project_y/cameos/in_progress', about: 'character' },
    {
      method: 'GET',
      url: `${context.target.urls.backend}/project_y/cameos/in_progress/${encodeURIComponent(cameoId)}`,
      headers: appHeaders(context),
    },
    cameoSchema,
  );
  return {
    status: said(cameo.status),
    message: said(cameo.status_message),
    usernameHint: said(cameo.username_hint),
    displayNameHint: said(cameo.display_name_hint),
    avatarUrl: said(cameo.profile_asset_url),
    characterId: said(cameo.character_id) ?? said(cameo.character?.character_id),
  };
}

/** One that we finalized ourselves, by the only call that can. */
export function isFinalized({ status }: Cameo): boolean {
  return status === 'finalized';
}

/** Looked at, and waiting for a name. Source: sora-web.md 4.8. */
export function isLookedAt(cameo: Cameo): boolean {
  return cameo.message === 'Completed' || isFinalized(cameo);
}

function said(value: string | null | undefined): string | undefined {
  return value?.trim() || undefined;
}
