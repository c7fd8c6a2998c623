/** The longest time the upstream may take for an accepted task. Pure. */
import type { GenerationKind } from '@reelay/contracts/domain';
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
