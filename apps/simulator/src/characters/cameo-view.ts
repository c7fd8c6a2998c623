import { mediaLink } from '../media/media-link.js';
import type { Character } from './character.js';

export interface AvatarLinks {
  readonly base: string;
  readonly ttlMs: number;
}

/**
 * A cameo as its poll shows it. When the upstream is done, only the message says so: the status stays `processing` until the
 * character is finalized.
 */
export function cameoView(character: Character, now: number, { base, ttlMs }: AvatarLinks): object {
  const { id, readyAt, outcome, reason, hints, finalization } = character;
  if (now < readyAt) return view(id, 'processing', 'Looking for a character');
  if (outcome === 'character_failed') return view(id, 'failed', reason ?? '');
  return {
    ...view(id, finalization === null ? 'processing' : 'finalized', 'Completed'),
    username_hint: hints.username,
    display_name_hint: hints.displayName,
    profile_asset_url: mediaLink(base, `avatars/${id}.webp`, now, ttlMs),
    instruction_set_hint: hints.instructionSet,
  };
}

function view(id: string, status: string, message: string): object {
  return {
    id,
    status,
    status_message: message,
    username_hint: null,
    display_name_hint: null,
    profile_asset_url: null,
    instruction_set_hint: null,
    instruction_set: null,
  };
}
