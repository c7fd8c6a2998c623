import type { Account } from '../accounts/account.js';
import type { World } from '../world.js';

/** A list may lag behind: then it shows what was true a while ago. */
export function listTime(world: World, list: 'pending' | 'drafts' | 'recent_tasks', account: Account): number {
  return world.now() - (world.faults.take('list', list, account.email)?.lagMs ?? 0);
}
