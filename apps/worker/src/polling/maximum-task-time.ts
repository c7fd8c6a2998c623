/** The longest time the upstream may take for an accepted task. Pure. */
import type { AttemptState, GenerationKind } from '@reelay/contracts/domain';
import type { Workflow } from '@reelay/contracts/generation-request';
import type { Settings } from '@reelay/contracts/settings';

export interface TimedTask {
  kind: GenerationKind;
  workflow: Workflow;
  /** Of a character that plays in a video, only the step that renders the video takes the token's turn. */
  takesTurn: boolean;
}

export function maximumTaskMs(settings: Settings, { kind, workflow, takesTurn }: TimedTask): number {
  if (kind === 'image') return settings['render.imageMaximumMs'];
  const makesCharacter = kind === 'character' || (workflow === 'character_video' && !takesTurn);
  return makesCharacter ? settings['render.characterMaximumMs'] : settings['render.maximumMs'];
}

/** The longest time an attempt may stay open after `sent`. */
export function longestOpenMs(settings: Settings, { state, ...task }: TimedTask & { state: AttemptState }): number {
  // Whether it was taken is asked by its name, for which nothing must be rendering, and what it left upstream can only be removed when it
  // is found: an upstream that cannot be asked is waited for as long as any task may take.
  if (state === 'unknown' && !task.takesTurn)
    return Math.max(settings['render.maximumMs'], maximumTaskMs(settings, task));
  return maximumTaskMs(settings, task);
}
