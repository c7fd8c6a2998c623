import { z } from 'zod';
import { unixSeconds } from './answer-parts.js';

const count = z.number().int().nonnegative();

const chatUsageSchema = z.object({ prompt_tokens: count, completion_tokens: count, total_tokens: count });

/** sora2api's card of a new character. */
const cardSchema = z.object({
  username: z.string(),
  display_name: z.string(),
  character_id: z.string().nullable(),
  cameo_id: z.string(),
  profile_asset_url: z.string().nullable(),
  instruction_set: z.null(),
  public: z.literal(true),
  source_model: z.string(),
  source_generation_id: z.string().optional(),
  created_at: unixSeconds,
});

/** Where the generation is found again. */
const reference = { generation_id: z.string(), url: z.string() };
/** Beside the text, for programs. */
const result = { media_urls: z.array(z.string()), character: cardSchema.optional() };

export const chatCompletionAnswerSchema = z.object({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: unixSeconds,
  model: z.string(),
  choices: z
    .array(
      z.object({
        index: z.literal(0),
        message: z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
        logprobs: z.null(),
        finish_reason: z.literal('stop'),
        ...reference,
        ...result,
      }),
    )
    .length(1),
  usage: chatUsageSchema,
  metadata: z.record(z.string(), z.string()).optional().describe('As it was sent.'),
});

export const chatChunkSchema = z.object({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  created: unixSeconds,
  model: z.string(),
  /** None in the one that carries the usage. */
  choices: z
    .array(
      z.object({
        index: z.literal(0),
        delta: z.object({
          role: z.literal('assistant').optional(),
          content: z.string().optional(),
          reasoning_content: z.string().optional().describe('How far it is.'),
        }),
        logprobs: z.null(),
        finish_reason: z.enum(['stop', 'content_filter']).nullable(),
        ...z.object({ ...reference, ...result }).partial().shape,
      }),
    )
    .max(1),
  usage: chatUsageSchema.nullable().optional(),
});
