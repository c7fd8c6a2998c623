import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { Json, SubmitContext, Submitted } from '@reelay/contracts/provider';
import { finalizeCharacter } from './characters/finalize-character.js';
import { uploadCharacter } from './characters/upload-character.js';
import { stepOf } from './plan-steps.js';
import { checkRequest } from './submit/check-request.js';
import { enhancePrompt } from './submit/enhance-prompt.js';
import { publishDraft } from './submit/publish-draft.js';
import { submitTask } from './submit/submit-task.js';

/** The one request of the step that counts. @throws UpstreamError */
export async function submitStep(
  request: GenerationRequest,
  prepared: Json,
  context: SubmitContext,
): Promise<Submitted> {
  checkRequest(request);
  switch (stepOf(request, context.step)) {
    case 'create':
      return submitTask(request, prepared, context);
    case 'publish':
      return publishDraft(request, context);
    case 'upload':
      return uploadCharacter(request, context);
    case 'finalize':
      return finalizeCharacter(request, prepared, context);
    case 'enhance':
      return enhancePrompt(request, context);
  }
}
