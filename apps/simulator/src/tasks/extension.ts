import { z } from 'zod';
import { UpstreamError } from '../http/upstream-error.js';
import { promptSchema } from './body-parts.js';
import type { Task, TaskPlan, VideoPlan } from './task.js';

const FRAMES_PER_SECOND = 30;
/** Two minutes: what the simulator is willing to draw. */
const MOST_FRAMES = 3_600;

/** The body of `POST /project_y/profile/drafts/{generation}/long_video_extension`. */
export const extensionSchema = z.strictObject({
  user_prompt: promptSchema,
  extension_duration_s: z.literal([10, 15]),
  enable_rewrite: z.literal(true),
});

/** The result is the whole: the draft, and what comes after it. */
export function planExtension(draft: Task<VideoPlan>, body: z.output<typeof extensionSchema>): TaskPlan<VideoPlan> {
  const frames = draft.media.frames + body.extension_duration_s * FRAMES_PER_SECOND;
  if (frames > MOST_FRAMES) {
    throw new UpstreamError(
      400,
      'invalid_value',
      `Invalid value for "extension_duration_s": the video would be longer than ${MOST_FRAMES / FRAMES_PER_SECOND} seconds`,
      'extension_duration_s',
    );
  }
  return {
    kind: 'extension',
    endpoint: 'extension',
    body,
    prompt: body.user_prompt,
    model: draft.model,
    style: draft.style,
    parent: draft.generationId,
    uploads: [],
    characters: [],
    media: { ...draft.media, frames },
  };
}
