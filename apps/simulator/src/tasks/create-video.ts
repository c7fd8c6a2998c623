import type { Account } from '../accounts/account.js';
import type { World } from '../world.js';
import { acceptTask } from './accept-task.js';
import { checkParent, checkUploads, findNamedCharacters } from './check-references.js';
import type { Orders } from './markers.js';
import { type PlainVideoBody, planPlainVideo } from './plain-video.js';
import type { Submitter, Task, TaskPlan } from './task.js';

/** Accepts a video from text, or from text and a picture. */
export function createVideo(
  world: World,
  { account, body, ...submitter }: { readonly account: Account; readonly body: PlainVideoBody } & Submitter,
): { task: Task; orders: Orders } {
  return submitVideo(world, account, planPlainVideo(body), submitter);
}

/** Accepts any video, if everything that it refers to is there. */
export function submitVideo(
  world: World,
  account: Account,
  plan: TaskPlan,
  submitter: Submitter,
): { task: Task; orders: Orders } {
  checkUploads(world, account, plan.uploads, 'inpaint_items.0.upload_id');
  if (plan.kind === 'remix') checkParent(world, plan.parent);
  const characters = plan.endpoint === 'create' ? findNamedCharacters(world, account, plan.prompt) : [];
  return acceptTask(world, { account, plan: { ...plan, characters }, submitter });
}
