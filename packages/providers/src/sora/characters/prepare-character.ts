import type { StepContext } from '@reelay/contracts/provider';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { appHeaders } from '../calls/headers.js';
import { encodeForm } from '../calls/multipart.js';
import { carriedCameoSchema, type PreparedCharacter } from './carried-cameo.js';
import { chooseUsername } from './choose-username.js';
import { fetchAvatar } from './fetch-avatar.js';

const uploadedSchema = z.object({ asset_pointer: z.string().min(1) });
const uploadTimeoutMs = 120_000;

/** Brings the avatar where the upstream wants it, and settles the name before it is sent. Repeatable. @throws UpstreamError */
export async function prepareCharacter(context: StepContext): Promise<PreparedCharacter> {
  const { cameoId, avatarUrl, usernameHint, displayName } = carriedCameoSchema.parse(context.carried);
  const avatar = await fetchAvatar(avatarUrl, context);
  return {
    cameoId,
    avatarUrl,
    username: chooseUsername(usernameHint, context.random),
    displayName,
    assetPointer: await uploadAvatar(avatar, context),
  };
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
