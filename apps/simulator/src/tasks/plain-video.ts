import { createHash } from 'node:crypto';
import { z } from 'zod';

const styles = [
  'festive',
  'kakalaka',
  'news',
  'selfie',
  'handheld',
  'golden',
  'anime',
  'retro',
  'nostalgic',
  'comic',
] as const;

export const PRO_MODEL = 'sy_ore';
export const PRO_FRAMES = 750;

/** The body of `POST /nf/create` for a video from text alone: exactly these keys, exactly these values. */
export const plainVideoSchema = z
  .strictObject({
    kind: z.literal('video'),
    prompt: z.string().max(20_000).regex(/\S/, 'must not be blank'),
    orientation: z.enum(['landscape', 'portrait']),
    size: z.enum(['small', 'large']),
    n_frames: z.literal([300, 450, PRO_FRAMES]),
    model: z.enum(['sy_8', PRO_MODEL]),
    inpaint_items: z.array(z.unknown()).length(0, 'names an upload that does not exist'),
    style_id: z.enum(styles).nullable(),
  })
  .refine(({ size, model }) => size === 'small' || model === PRO_MODEL, {
    path: ['size'],
    message: `"large" exists for the model ${PRO_MODEL} only`,
  })
  .refine(({ size, n_frames }) => size === 'small' || n_frames !== PRO_FRAMES, {
    path: ['n_frames'],
    message: `${PRO_FRAMES} frames exist in the size "small" only`,
  });

export type PlainVideoBody = z.output<typeof plainVideoSchema>;

export function needsPro({ model, n_frames }: PlainVideoBody): boolean {
  return model === PRO_MODEL || n_frames === PRO_FRAMES;
}

/** Equal for equal bodies, whatever the order of the keys or the spaces between them. */
export function fingerprint(body: object): string {
  const sorted = Object.entries(body).sort(([first], [second]) => (first < second ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 32);
}
