/** The domain command every dialect becomes. From here on nothing knows which API was spoken. */
import { z } from 'zod';
import { generationKinds } from './domain.js';

export const maximumPromptLength = 32_000;

/** What is done upstream. A kind says what comes out, a workflow how it is made. */
export const workflows = [
  'image',
  'video',
  'storyboard',
  'remix',
  'extension',
  'character',
  'character_video',
  'enhance',
] as const;
export type Workflow = (typeof workflows)[number];

/** An image or video the client gave, kept in our own store. */
export const referenceSchema = z.object({
  assetId: z.string(),
  kind: z.enum(['image', 'video']),
  contentType: z.string(),
  sizeBytes: z.number().int().positive(),
});
export type Reference = z.infer<typeof referenceSchema>;

/** What a remix, an extension or a character starts from, by the upstream's own id. */
export const parentSchema = z.discriminatedUnion('type', [
  /** A clip that everybody may see: `s_…`. */
  z.object({ type: z.literal('share'), id: z.string() }),
  /** A finished task of one account: `gen_…`. `generationId` where it is known to be one of ours. */
  z.object({ type: z.literal('draft'), id: z.string(), generationId: z.string().optional() }),
]);
export type Parent = z.infer<typeof parentSchema>;

export const storyboardSchema = z.object({
  /** Text before the first shot; empty when there is none. */
  instructions: z.string(),
  /** `seconds` as the client wrote the number. */
  shots: z.array(z.object({ seconds: z.string(), scene: z.string() })),
});

export const generationRequestSchema = z.object({
  kind: z.enum(generationKinds),
  workflow: z.enum(workflows).default('video'),
  /** Id in the model catalogue. */
  model: z.string(),
  /** Without marks that were recognised (style, link, id); empty only for characters. */
  prompt: z.string().max(maximumPromptLength),
  /** One of the model's styles. */
  style: z.string().optional(),
  storyboard: storyboardSchema.optional(),
  references: z.array(referenceSchema).default([]),
  parent: parentSchema.optional(),
  orientation: z.enum(['landscape', 'portrait', 'square']),
  /** Pixels asked of the upstream, for images; of an extension those of the video that it continues. */
  width: z.number().int().positive().optional(),
  height: z.number().int().positive().optional(),
  /** Length asked of the upstream, whole seconds; 0 for what has no length. */
  seconds: z.number().int().nonnegative(),
  /** 30 frames a second; 1 for images. Of an extension the whole video's, while its `seconds` are those that are added. */
  frames: z.number().int().nonnegative(),
  /** How much the upstream is to make of a prompt. */
  enhance: z.object({ level: z.enum(['short', 'medium', 'long']), seconds: z.number().int().positive() }).optional(),
  /** The upstream's own names for model and size, from the catalogue. */
  upstream: z.object({ model: z.string(), size: z.string() }),
  /** What the client wrote where it differs from what is made (e.g. `size`, `seconds`); shown back, never used. */
  asked: z.record(z.string(), z.string()).optional(),
  /** The client's own words about its request; shown back, never used. */
  metadata: z.record(z.string(), z.string()).optional(),
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
  /**
   * The upstream's own address, where this installation does not store media: then `contentType` is only likely, `sizeBytes` is 0, and there
   * is no asset. It is good for as long as the upstream says.
   */
  url: z.string().optional(),
});
export type MediaAsset = z.infer<typeof mediaAssetSchema>;

/** A person or thing that later prompts can name as `@username`. */
export const characterSchema = z.object({
  username: z.string(),
  displayName: z.string(),
  /** The upstream's ids; the first is missing where its answer was lost. */
  characterId: z.string().optional(),
  cameoId: z.string(),
});
export type Character = z.infer<typeof characterSchema>;

export const generationResultSchema = z.object({
  media: z.array(mediaAssetSchema),
  text: z.string().optional(),
  character: characterSchema.optional(),
});
export type GenerationResult = z.infer<typeof generationResultSchema>;
