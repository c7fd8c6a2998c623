import { z } from 'zod';
import type { Account } from '../accounts/account.js';
import { UpstreamError, upstreamErrors } from '../http/upstream-error.js';
import { timedId } from '../identifiers.js';
import type { World } from '../world.js';
import type { Character } from './character.js';
import type { NamedCharacter } from './character-book.js';

const USERNAME = /^[a-z0-9][a-z0-9_.]{1,28}[a-z0-9_]$/;

export const finalizeSchema = z.strictObject({
  cameo_id: z.string().min(1),
  username: z.string().regex(USERNAME, 'must be 3 to 30 lower-case letters, digits, dots and underscores'),
  display_name: z.string().min(1).max(100),
  profile_asset_pointer: z.string().min(1),
  instruction_set: z.null(),
  safety_instruction_set: z.null(),
});

/** Makes a character of a cameo, under a name that nobody has yet, or throws the upstream's refusal. */
export function finalizeCharacter(
  world: World,
  account: Account,
  cameo: Character,
  body: z.output<typeof finalizeSchema>,
): NamedCharacter {
  const { characters, uploads, now } = world;
  if (now() < cameo.readyAt) throw refuse('cameo_id', 'is still being processed');
  if (cameo.outcome === 'character_failed') throw refuse('cameo_id', 'has failed');
  if (cameo.finalization !== null) throw refuse('cameo_id', 'is finalized already');
  const asset = uploads.find(body.profile_asset_pointer);
  if (asset?.purpose !== 'profile' || asset.account !== account.email) {
    throw refuse('profile_asset_pointer', 'no asset of yours has this pointer');
  }
  if (isNameTaken(world, body.username)) throw upstreamErrors.usernameTaken(body.username);
  const finalization = {
    at: now(),
    characterId: timedId('char', now(), world.source.bytes('character')),
    username: body.username,
    displayName: body.display_name,
    assetPointer: body.profile_asset_pointer,
    body,
  };
  const character = { ...cameo, finalization };
  characters.put(character);
  return character;
}

/** Accounts and characters share their names. */
function isNameTaken({ accounts, characters }: World, username: string): boolean {
  return accounts.findByUsername(username) !== undefined || characters.findByUsername(username) !== undefined;
}

function refuse(param: string, message: string): UpstreamError {
  return new UpstreamError(400, 'invalid_value', `Invalid value for "${param}": ${message}`, param);
}
