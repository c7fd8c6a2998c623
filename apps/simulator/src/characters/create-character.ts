import type { Account } from '../accounts/account.js';
import { timedId } from '../identifiers.js';
import type { Caller, JsonObject } from '../tasks/task.js';
import type { World } from '../world.js';
import type { Character } from './character.js';
import { hintsFor } from './hints.js';

export interface CharacterRequest {
  readonly account: Account;
  readonly endpoint: Character['endpoint'];
  readonly body: JsonObject;
  readonly timestamps: readonly number[];
  readonly uploadId: string | null;
  readonly generationId: string | null;
  readonly caller: Caller;
}

const FAILURE = 'No face was found in this video.';

/** Begins to look for a character in a video; how that ends is decided now, and shown when its time has come. */
export function createCharacter(world: World, { account, caller, ...request }: CharacterRequest): Character {
  const createdAt = world.now();
  const id = timedId('cameo', createdAt, world.source.bytes('cameo'));
  const strike = world.faults.take('outcome', request.endpoint, account.email);
  const character = world.characters.put({
    ...caller,
    ...request,
    id,
    account: account.email,
    createdAt,
    readyAt: createdAt + world.speed.queueMs + world.speed.renderMs,
    outcome: strike?.kind ?? 'character',
    reason: strike === undefined ? null : (strike.reason ?? FAILURE),
    hints: hintsFor(id, account),
    finalization: null,
    visibility: 'private',
    deletedAt: null,
  });
  world.log.info({ account: account.email, cameoId: id, endpoint: request.endpoint }, 'character begun');
  return character;
}
