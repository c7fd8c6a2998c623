/** A generation whole, for clients of any dialect. */
import type { Character, Parent } from '@reelay/contracts/generation-request';
import { publicId } from '@reelay/contracts/ids';
import type { Generation } from '@reelay/db/generations/find-generation';
import type { MediaLinks } from '../media/media-links.js';
import { unixSeconds } from '../openai/video-object.js';
import { shownState } from './shown-state.js';

export async function generationViewOf(generation: Generation, links: MediaLinks, publicUrl: string) {
  const { request, result } = generation;
  const results = (result?.media ?? []).map(async (media) => ({
    url: await links.linkOf(generation, media, publicUrl),
    content_type: media.contentType,
    /** Nobody here has measured what is not stored here. */
    size_bytes: media.url === undefined ? media.sizeBytes : null,
    width: media.width ?? null,
    height: media.height ?? null,
    duration_ms: media.durationMs ?? null,
  }));
  const expiresAt = await links.expiryOf(generation);
  return {
    id: publicId(generation.dialect, generation.id),
    object: 'generation',
    /** Of the first that was made by the same request, where it made several. */
    group_id: generation.groupId && publicId(generation.dialect, generation.groupId),
    kind: request.kind,
    workflow: request.workflow,
    model: request.model,
    prompt: request.prompt,
    style: request.style ?? null,
    storyboard: request.storyboard ?? null,
    parent: request.parent ? parentView(request.parent) : null,
    asked: request.asked ?? null,
    metadata: request.metadata ?? null,
    state: shownState(generation),
    stage: generation.stage,
    progress: generation.progress,
    seq: generation.seq,
    simulated: generation.simulated,
    created_at: unixSeconds(generation.createdAt),
    started_at: generation.startedAt && unixSeconds(generation.startedAt),
    completed_at: generation.completedAt && unixSeconds(generation.completedAt),
    deadline_at: unixSeconds(generation.deadlineAt),
    expires_at: expiresAt && unixSeconds(expiresAt),
    /** Files; of a character its avatar. */
    results: await Promise.all(results),
    text: result?.text ?? null,
    character: result?.character ? characterView(result.character) : null,
    error: generation.error,
  };
}

/** What it was made from: an own video by our id, another one by the upstream's. */
function parentView(parent: Parent): string {
  const own = parent.type === 'draft' ? parent.generationId : undefined;
  return own === undefined ? parent.id : publicId('videos', own);
}

function characterView({ username, displayName, characterId, cameoId }: Character) {
  return { username, display_name: displayName, character_id: characterId ?? null, cameo_id: cameoId };
}
