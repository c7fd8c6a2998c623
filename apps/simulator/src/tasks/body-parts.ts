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

/** What several bodies have in common. */
export const anyTextSchema = z.string().max(64_000);
export const promptSchema = anyTextSchema.regex(/\S/, 'must not be blank');
export const orientationSchema = z.enum(['landscape', 'portrait']);
export const framesSchema = z.literal([300, 450, PRO_FRAMES]);
export const styleSchema = z.enum(styles).nullable();
export const generationIdSchema = z.string().regex(/^gen_[0-9a-z]+$/, 'must be a generation id (gen_…)');
export const shareIdSchema = z.string().regex(/^s_[0-9a-f]{32}$/, 'must be a share id (s_ and 32 hexadecimal digits)');

/** No picture, or one that was uploaded before. */
export const videoInpaintSchema = z
  .array(z.strictObject({ kind: z.literal('upload'), upload_id: z.string().min(1) }))
  .max(1);
