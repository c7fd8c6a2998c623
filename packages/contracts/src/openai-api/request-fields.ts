/** Fields whose schemas take anything (the code that reads them says what is wrong) or text only (a query has nothing else). */
import { z } from 'zod';

const address = z.string().describe('A data URI, base64 or an http(s) address.');
const byFileId = z.object({ file_id: z.string() });

export const imageField = z.union([address, z.object({ image_url: address }), byFileId]);
export const imagesField = z.array(imageField);
export const videoField = z.union([z.object({ id: z.string() }), byFileId, address]);

/** Parts of a chat message, in OpenAI's spelling; that of the Responses API is read as well. */
const contentPart = z.union([
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image_url'), image_url: z.object({ url: address }) }),
  z.object({ type: z.literal('video_url'), video_url: z.object({ url: address }) }),
  z.object({
    type: z.literal('file'),
    file: z.union([byFileId, z.object({ file_data: address, filename: z.string().optional() })]),
  }),
]);

export const messagesField = z
  .array(
    z.object({
      role: z.enum(['developer', 'system', 'user', 'assistant', 'tool', 'function']),
      content: z.union([z.string(), z.array(contentPart)]).nullish(),
    }),
  )
  .min(1)
  .describe('What is made follows from the last message of the user; earlier ones are not looked at.');

export const limitField = z.number().int().min(0).max(100).default(20);

export const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .max(255)
    .optional()
    .describe('The same key and body is the same generation, however often it is sent.'),
});

export const resumeHeaders = z.object({
  'last-event-id': z.string().optional().describe('As browsers send it when they come back; counts before `after`.'),
});

export const fileRequestHeaders = z.object({
  range: z.string().optional().describe('One range of bytes.'),
  'if-none-match': z.string().optional(),
  'if-modified-since': z.string().optional(),
  'if-range': z.string().optional(),
});
