/** The domain command every dialect becomes. From here on nothing knows which API was spoken. */
import { z } from 'zod';
import { generationKinds } from './domain.js';

export const maximumPromptLength = 32_000;

export const generationRequestSchema = z.object({
  kind: z.enum(generationKinds),
  /** Id in the model catalogue. */
  model: z.string(),
  prompt: z.string().min(1).max(maximumPromptLength),
  orientation: z.enum(['landscape', 'portrait', 'square']),
  /** Length asked of the upstream, whole seconds; 0 for images. */
  seconds: z.number().int().nonnegative(),
  /** 30 frames a second. */
  frames: z.number().int().positive(),
  /** The upstream's own names for model and size, from the catalogue. */
  upstream: z.object({ model: z.string(), size: z.string() }),
  /** What the client wrote where it differs from what is made (e.g. `size`, `seconds`); shown back, never used. */
  asked: z.record(z.string(), z.string()).optional(),
});
export type GenerationRequest = z.infer<typeof generationRequestSchema>;

/** What a finished generation delivers; `media` are assets in our own store. */
export const mediaAssetSchema = z.object({
  assetId: z.string(),
  contentType: z.string(),
  sizeBytes: z.number().int().nonnegative(),
  width: z.number().int().positive().optional(),
  height: z.number().int().positive().optional(),
  durationMs: z.number().int().nonnegative().optional(),
});
export type MediaAsset = z.infer<typeof mediaAssetSchema>;

export const generationResultSchema = z.object({ media: z.array(mediaAssetSchema), text: z.string().optional() });
export type GenerationResult = z.infer<typeof generationResultSchema>;
