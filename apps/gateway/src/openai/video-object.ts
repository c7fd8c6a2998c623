/** A generation as OpenAI's video object (openai-wire 3.5): all 13 keys, always, and a few of ours beside them. */
import type { GenerationState } from '@reelay/contracts/domain';
import { framesPerSecond } from '@reelay/contracts/frames-per-second';
import type { GenerationRequest, MediaAsset } from '@reelay/contracts/generation-request';
import { publicId } from '@reelay/contracts/ids';
import { findModel } from '@reelay/contracts/models';
import type { Generation } from '@reelay/db/generations/find-generation';
import { shownState } from '../generations/shown-state.js';
import type { MediaLinks } from '../media/media-links.js';

type VideoStatus = 'queued' | 'in_progress' | 'completed' | 'failed';

/** There is no other status in OpenAI's enumeration, and pollers stop at one they do not know. */
export const statusOf: Record<GenerationState, VideoStatus> = {
  queued: 'queued',
  running: 'in_progress',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'failed',
};

export async function videoObjectOf(generation: Generation, links: MediaLinks, publicUrl: string) {
  const { request, error, result } = generation;
  const [media] = result?.media ?? [];
  const id = publicId('videos', generation.id);
  const expiresAt = await links.expiryOf(generation);
  return {
    id,
    object: 'video',
    model: request.model,
    status: statusOf[shownState(generation)],
    progress: generation.progress,
    created_at: unixSeconds(generation.createdAt),
    completed_at: generation.completedAt && unixSeconds(generation.completedAt),
    expires_at: expiresAt && unixSeconds(expiresAt),
    prompt: request.asked?.prompt ?? request.prompt,
    size: sizeOf(request, media),
    seconds: String(secondsOf(request, media)),
    remixed_from_video_id: remixedFrom(request),
    error: error && { code: error.code, message: error.message },
    /** What the status cannot say: `cancelled`. */
    state: shownState(generation),
    stage: generation.stage,
    simulated: generation.simulated,
    generation_id: id,
    url: media ? await links.linkOf(generation, media, publicUrl) : null,
  };
}

/** An extension's model has no size: what it continues has one, which stands in the request. */
function sizeOf(request: GenerationRequest, media: MediaAsset | undefined): string {
  for (const { width, height } of [media ?? {}, request]) {
    if (width && height) return `${width}x${height}`;
  }
  return findModel(request.model)?.size ?? '';
}

/** Of an extension the whole video, as OpenAI has it ("the stitched total duration"); the request's seconds are what is added. */
function secondsOf({ workflow, seconds, frames }: GenerationRequest, media: MediaAsset | undefined): number {
  if (workflow !== 'extension') return seconds;
  return Math.round(media?.durationMs === undefined ? frames / framesPerSecond : media.durationMs / 1000);
}

/** Only of ours is there an id that this route knows. */
function remixedFrom({ workflow, parent }: GenerationRequest): string | null {
  if (workflow !== 'remix' || parent?.type !== 'draft' || parent.generationId === undefined) return null;
  return publicId('videos', parent.generationId);
}

export function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
