import type { GenerationRequest, Reference } from '@reelay/contracts/generation-request';
import type { SubmitContext, Submitted, UpstreamRequest } from '@reelay/contracts/provider';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { appHeaders } from '../calls/headers.js';
import { encodeForm } from '../calls/multipart.js';
import type { UpstreamStep } from '../calls/upstream-step.js';
import type { OperationData } from '../operation-data.js';
import { referencesOf } from '../submit/check-request.js';
import { draftIdOf } from '../submit/video-bodies.js';

/** Seconds of the video that the upstream looks at; the observed client knows no others. */
const timestamps = [0, 3];
const uploadedSchema = z.object({ id: z.string().min(1) });

/** Of the client's video, or of a task that is finished. Not finalized it is nothing, so it may be repeated. @throws UpstreamError */
export async function uploadCharacter(request: GenerationRequest, context: SubmitContext): Promise<Submitted> {
  const [video] = referencesOf(request, 'video');
  const sent = { timeoutMs: context.submitTimeoutMs, beforeSend: context.beforeSend };
  const { id: cameoId } = video
    ? await callJson(context, uploadStep, { ...(await ofVideo(video, context)), ...sent }, uploadedSchema)
    : await callJson(context, takeStep, { ...ofDraft(draftIdOf(request), context), ...sent }, uploadedSchema);
  const data: OperationData = { type: 'cameo', cameoId };
  return { operation: { id: `cameo:${cameoId}`, data } };
}

const uploadStep: UpstreamStep = { kind: 'submit', name: 'POST characters/upload', about: 'reference' };
const takeStep: UpstreamStep = { kind: 'submit', name: 'POST characters/from-generation', about: 'parent' };

async function ofVideo({ assetId }: Reference, context: SubmitContext): Promise<UpstreamRequest> {
  const bytes = await context.readReference(assetId);
  const form = encodeForm(
    {
      file: { name: 'file', filename: 'video.mp4', contentType: 'video/mp4', bytes },
      fields: { timestamps: timestamps.join(',') },
    },
    context.uuid(),
  );
  return {
    method: 'POST',
    url: `${context.target.urls.backend}/characters/upload`,
    headers: appHeaders(context, form.contentType),
    body: form.body,
    purpose: 'upload',
  };
}

/** Source: sora-web.md 10.2. */
function ofDraft(generationId: string, context: SubmitContext): UpstreamRequest {
  return {
    method: 'POST',
    url: `${context.target.urls.backend}/characters/from-generation`,
    headers: appHeaders(context),
    body: JSON.stringify({ generation_id: generationId, character_id: null, timestamps }),
  };
}
