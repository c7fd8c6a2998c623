/** A generation that made a character, as the videos API shows it: three keys are the SDKs', the others ours. */
import { characterId } from '@reelay/contracts/ids';
import type { Generation } from '@reelay/db/generations/find-generation';
import { notFound } from '../generations/get-generation.js';
import { shownState } from '../generations/shown-state.js';
import type { MediaLinks } from '../media/media-links.js';
import { statusOf, unixSeconds } from './video-object.js';

/** @throws AppError `not_found` for what makes no character */
export async function characterObjectOf(generation: Generation, links: MediaLinks, publicUrl: string) {
  const { request, result, error } = generation;
  if (request.kind !== 'character') throw notFound(characterId(generation.id));
  const [avatar] = result?.media ?? [];
  return {
    id: characterId(generation.id),
    object: 'character',
    created_at: unixSeconds(generation.createdAt),
    name: request.asked?.name ?? result?.character?.displayName ?? null,
    status: statusOf[shownState(generation)],
    /** What prompts call it: `@username`. */
    username: result?.character?.username ?? null,
    display_name: result?.character?.displayName ?? null,
    avatar_url: avatar ? await links.linkOf(generation, avatar, publicUrl) : null,
    simulated: generation.simulated,
    error: error && { code: error.code, message: error.message },
  };
}
