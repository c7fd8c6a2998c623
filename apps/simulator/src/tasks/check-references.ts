import type { Account } from '../accounts/account.js';
import { UpstreamError } from '../http/upstream-error.js';
import type { World } from '../world.js';
import { stateAt } from './life-cycle.js';
import { isVideo, type Task, type VideoPlan } from './task.js';

/** Refuses media ids that are unknown, or another account's. */
export function checkUploads({ uploads }: World, account: Account, ids: readonly string[], param: string): void {
  for (const id of ids) {
    const upload = uploads.find(id);
    if (upload?.purpose === 'image' && upload.account === account.email) continue;
    throw new UpstreamError(
      400,
      'invalid_value',
      `Invalid value for "${param}": no upload of yours has this id`,
      param,
    );
  }
}

/** Any share id may be remixed, as far as the simulator can tell, unless its post was made here and deleted again. */
export function checkParent({ posts }: World, shareId: string | null): void {
  const post = shareId === null ? undefined : posts.find(shareId);
  if (post === undefined || post.deletedAt === null) return;
  throw new UpstreamError(404, 'not_found', 'The post to remix was not found.', 'remix_target_id');
}

/** The names at the beginning of a prompt (`@name …`) must be those of characters that the account may use. */
export function findNamedCharacters({ characters }: World, account: Account, prompt: string): string[] {
  const beginning = /^(?:@[A-Za-z0-9_.]+[\s,]*)*/.exec(prompt.trimStart())?.[0] ?? '';
  const names = (beginning.match(/@[A-Za-z0-9_.]+/g) ?? []).map((name) => name.replace(/\.+$/, ''));
  return names.map((name) => {
    const character = characters.findByUsername(name.slice(1));
    const isUsable = character && (character.account === account.email || character.visibility === 'public');
    if (isUsable) return character.finalization.characterId;
    throw new UpstreamError(400, 'character_not_found', `There is no character ${name} that you may use.`, 'prompt');
  });
}

/** A finished video of the account, or a 404. */
export function requireDraft({ tasks, now }: World, account: Account, generationId: string): Task<VideoPlan> {
  const task = tasks.findByGeneration(generationId);
  if (task && isVideo(task) && task.account === account.email && task.outcome === 'video') {
    if (stateAt(task, now()).phase === 'finished') return task;
  }
  throw new UpstreamError(404, 'not_found', `Draft ${generationId} was not found.`, 'generation_id');
}
