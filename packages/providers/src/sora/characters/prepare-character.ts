import type { StepContext } from '@reelay/contracts/provider';
import { isUpstreamError } from '@reelay/contracts/upstream-error';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { appHeaders } from '../calls/headers.js';
import { encodeForm } from '../calls/multipart.js';
import { type CarriedCameo, carriedCameoSchema, type PreparedCharacter } from './carried-cameo.js';
import { chooseUsername } from './choose-username.js';
import { fetchAvatar } from './fetch-avatar.js';
import { readCameo } from './read-cameo.js';

const uploadedSchema = z.object({ asset_pointer: z.string().min(1) });
const uploadTimeoutMs = 120_000;

/** Brings the avatar where the upstream wants it, and settles the name before it is sent. Repeatable. @throws UpstreamError */
export async function prepareCharacter(context: StepContext): Promise<PreparedCharacter> {
  const carried = carriedCameoSchema.parse(context.carried);
  const { cameoId, usernameHint, displayName } = carried;
  const { avatarUrl, avatar } = await fetchFresh(carried, context);
  return {
    cameoId,
    avatarUrl,
    username: chooseUsername(usernameHint, context.random),
    displayName,
    assetPointer: await uploadAvatar(avatar, context),
  };
}

/** Addresses are signed and age while a step waits for its account; the upstream gives new ones as long as it has the cameo. */
async function fetchFresh({ cameoId, avatarUrl }: CarriedCameo, context: StepContext) {
  try {
    return { avatarUrl, avatar: await fetchAvatar(avatarUrl, context) };
  } catch (error) {
    if (!isUpstreamError(error) || error.submitClass !== 'not_sent' || error.fault !== 'upstream') throw error;
    const { avatarUrl: fresh } = await readCameo(cameoId, context);
    if (fresh === undefined || fresh === avatarUrl) throw error;
    return { avatarUrl: fresh, avatar: await fetchAvatar(fresh, context) };
  }
}

async function uploadAvatar(bytes: Uint8Array, context: StepContext): Promise<string> {
  const form = encodeForm(
    {
      file: { name: 'file', filename: 'profile.webp', contentType: 'image/webp', bytes },
      fields: { use_case: 'profile' },
    },
    context.uuid(),
  );
  const { asset_pointer: assetPointer } = await callJson(
    context,
    { kind: 'call', name: 'POST project_y/file/upload' },
    {
      method: 'POST',
      url: `${context.target.urls.backend}/project_y/file/upload`,
      headers: appHeaders(context, form.contentType),
      body: form.body,
      purpose: 'upload',
      timeoutMs: uploadTimeoutMs,
    },
    uploadedSchema,
  );
  return assetPointer;
}
