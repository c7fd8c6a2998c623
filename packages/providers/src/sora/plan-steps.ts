import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { StepPlan } from '@reelay/contracts/provider';

export type StepName = 'create' | 'publish' | 'upload' | 'finalize' | 'enhance';

/**
 * Tasks show in lists without a name of ours, so an unknown one is found by elimination. A character is there or not under the cameo we
 * uploaded. A cameo nobody finalizes and an enhancement leave nothing. A post can be asked for nowhere.
 */
const reconciliation: Record<StepName, StepPlan['reconcile']> = {
  create: 'elimination',
  publish: 'none',
  upload: 'repeat',
  finalize: 'lookup',
  enhance: 'repeat',
};

export function planStep(request: GenerationRequest, step: number): StepPlan {
  const name = stepOf(request, step);
  return { name, reconcile: reconciliation[name] };
}

/** @throws Error for a step that the workflow does not have */
export function stepOf(request: GenerationRequest, step: number): StepName {
  const name = stepsOf(request)[step - 1];
  if (name) return name;
  throw new Error(
    `The workflow "${request.workflow}" has no step ${step}. Update Reelay to the release that began it.`,
  );
}

/** Order of upstream calls: sora-web.md 1.4. */
function stepsOf({ workflow, parent }: GenerationRequest): readonly StepName[] {
  switch (workflow) {
    case 'enhance':
      return ['enhance'];
    case 'character':
      return ['upload', 'finalize'];
    case 'character_video':
      return ['upload', 'finalize', 'create'];
    case 'remix':
      return parent?.type === 'draft' ? ['publish', 'create'] : ['create'];
    default:
      return ['create'];
  }
}
