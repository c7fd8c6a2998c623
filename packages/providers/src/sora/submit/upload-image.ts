import type { Reference } from '@reelay/contracts/generation-request';
import type { StepContext } from '@reelay/contracts/provider';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { appHeaders } from '../calls/headers.js';
import { encodeForm } from '../calls/multipart.js';

/** By the type that was found in the bytes; the observed client calls everything a PNG. */
const filenames: Readonly<Record<string, string>> = {
  'image/png': 'image.png',
  'image/jpeg': 'image.jpg',
  'image/webp': 'image.webp',
};
const uploadTimeoutMs = 120_000;
const uploadedSchema = z.object({ id: z.string().min(1) });

export function readsImage({ contentType }: Reference): boolean {
  return Object.hasOwn(filenames, contentType);
}

/** Gives the media id that a body names it by. Repeatable: one that nobody names is forgotten upstream. @throws UpstreamError */
export async function uploadImage({ assetId, contentType }: Reference, context: StepContext): Promise<string> {
  const bytes = await context.readReference(assetId);
  const filename = filenames[contentType] ?? 'image.png';
  const form = encodeForm(
    { file: { name: 'file', filename, contentType, bytes }, fields: { file_name: filename } },
    context.uuid(),
  );
  const { id } = await callJson(
    context,
    { kind: 'offer', name: 'POST uploads', about: 'reference' },
    {
      method: 'POST',
      url: `${context.target.urls.backend}/uploads`,
      headers: appHeaders(context, form.contentType),
      body: form.body,
      purpose: 'upload',
      timeoutMs: uploadTimeoutMs,
    },
    uploadedSchema,
  );
  return id;
}
