import type { GenerationState } from '@reelay/contracts/domain';
import type { Generation } from '@reelay/db/generations/find-generation';

/**
 * A generation of several steps is queued again between them, and one whose submit was not taken after all waits once more. To its client
 * what has begun stays begun: nothing that polls expects the way back.
 */
export function shownState({ state, startedAt }: Pick<Generation, 'state' | 'startedAt'>): GenerationState {
  return state === 'queued' && startedAt !== null ? 'running' : state;
}
