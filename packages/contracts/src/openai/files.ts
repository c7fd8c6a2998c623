/** POST /v1/files: images and videos that are uploaded once and named by `file_id` where a request takes a reference. */
import { z } from 'zod';
import { pageQuerySchema } from './page.js';
import { UploadedFile } from './videos.js';

/** Those of OpenAI's purposes that an image or video can have. */
export const filePurposes = ['vision', 'user_data', 'assistants'] as const;
export type FilePurpose = (typeof filePurposes)[number];

export const leastFileSeconds = 3_600;
export const mostFileSeconds = 2_592_000;

const seconds = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d{1,10}$/)
        .transform(Number),
    ],
    'Send a number of seconds',
  )
  .pipe(z.number().int().min(leastFileSeconds).max(mostFileSeconds));

export const createFileSchema = z.object({
  file: z.instanceof(UploadedFile, { error: 'Send the file as a part of the form with a filename' }),
  purpose: z.enum(filePurposes, 'Only files for references are kept: use vision or user_data'),
  /** Without it a file is kept until it is deleted. */
  expires_after: z.object({ anchor: z.literal('created_at'), seconds }).nullish(),
});
export type CreateFile = z.infer<typeof createFileSchema>;

/** As OpenAI's: many at once, for files are small to name. */
export const listFilesSchema = pageQuerySchema.extend({
  purpose: z.string().max(40).optional(),
  limit: z
    .string()
    .regex(/^([1-9]\d{0,3}|10000)$/, 'send a number from 1 to 10000')
    .transform(Number)
    .default(1_000),
});

export interface FileObject {
  id: string;
  object: 'file';
  bytes: number;
  created_at: number;
  expires_at?: number;
  filename: string;
  purpose: string;
  /** Older clients wait for it; a file that is kept was looked at before. */
  status: 'processed';
}
