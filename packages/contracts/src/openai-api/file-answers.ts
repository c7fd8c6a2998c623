import { z } from 'zod';
import { deletedOf, listOf, unixSeconds } from './answer-parts.js';

export const fileObjectSchema = z.object({
  id: z.string(),
  object: z.literal('file'),
  bytes: z.number().int(),
  created_at: unixSeconds,
  /** Only of a file that is not kept until it is deleted. */
  expires_at: unixSeconds.optional(),
  filename: z.string(),
  purpose: z.string(),
  status: z.literal('processed'),
});
export const fileListSchema = listOf(fileObjectSchema);
export const deletedFileSchema = deletedOf('file');
