import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { Json, StepContext } from '@reelay/contracts/provider';
import { prepareCharacter } from './characters/prepare-character.js';
import { stepOf } from './plan-steps.js';
import { checkRequest, referencesOf } from './submit/check-request.js';
import { refusal } from './submit/refuse-request.js';
import { uploadImage } from './submit/upload-image.js';

/** What the upstream cannot make is refused here already, before anything is uploaded or worked out. @throws UpstreamError */
export async function prepareStep(request: GenerationRequest, context: StepContext): Promise<Json> {
  checkRequest(request);
  switch (stepOf(request, context.step)) {
    case 'create': {
      const [image] = referencesOf(request, 'image');
      return image ? { mediaId: await uploadImage(image, context) } : null;
    }
    case 'publish':
      allowPublishing(context);
      return null;
    case 'finalize':
      return { ...(await prepareCharacter(context)) };
    default:
      return null;
  }
}

/** Asked when the request came, and once more: the operator may have changed their mind since. */
function allowPublishing({ settings }: StepContext): void {
  if (settings.publishForRemix === 1) return;
  throw refusal(
    'remix_needs_publishing',
    'A remix of an own video has to publish it upstream for a moment, which this installation does not do. Remix a public clip.',
  );
}
