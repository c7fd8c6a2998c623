import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { UpstreamError } from '@reelay/contracts/upstream-error';
import { z } from 'zod';

/** Exactly these keys in this order, `style_id` and the empty list included. Source: sora-web.md 1.3.4. */
const createBodySchema = z.strictObject({
  kind: z.literal('video'),
  prompt: z.string().min(1),
  orientation: z.enum(['landscape', 'portrait']),
  size: z.enum(['small', 'large']),
  n_frames: z.literal([300, 450, 750]),
  model: z.enum(['sy_8', 'sy_ore']),
  inpaint_items: z.tuple([]),
  style_id: z.null(),
});
export type CreateBody = z.infer<typeof createBodySchema>;

/** The body of the paid request. @throws UpstreamError when the upstream has no such video; nothing was sent then */
export function createBody(request: GenerationRequest): CreateBody {
  const parsed = createBodySchema.safeParse({
    kind: request.kind,
    prompt: request.prompt,
    orientation: request.orientation,
    size: request.upstream.size,
    n_frames: request.frames,
    model: request.upstream.model,
    inpaint_items: [],
    style_id: null,
  });
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
  throw new UpstreamError({
    code: 'not_supported_by_model',
    message: `The upstream cannot make "${request.model}" this way (${fields}). Choose another model.`,
    submitClass: 'refused',
    fault: 'client',
    cause: parsed.error,
  });
}
