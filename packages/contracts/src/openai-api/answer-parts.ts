/** What several answers of `/v1` are made of. Each has all its keys, always; null is what there is not (yet). */
import { z } from 'zod';
import { type ErrorCode, errorRegistry, errorTypes } from '../errors.js';

export const unixSeconds = z.number().int().describe('Seconds since 1970.');
export const progress = z.number().int().min(0).max(100);

/** What is not public is answered as `internal_error`. */
const shownCodes = (Object.keys(errorRegistry) as ErrorCode[]).filter(
  (code) => errorRegistry[code].public || code === 'internal_error',
);
export const errorCodeSchema = z
  .enum(shownCodes)
  .describe(`For programs.\n\n${shownCodes.map((code) => `- \`${code}\`: ${errorRegistry[code].help}`).join('\n')}`);

export const errorBodySchema = z.object({
  error: z.object({
    message: z.string().describe('What happened and what to do, for people.'),
    type: z.enum(errorTypes),
    param: z.string().nullable().describe('The field that is meant, where one is.'),
    code: errorCodeSchema,
    /** Where the error is about a generation that goes on or is kept. */
    generation_id: z.string().optional(),
    url: z.string().optional(),
    /** All of a request for several images. */
    generation_ids: z.array(z.string()).optional(),
    /** Of an internal error. */
    request_id: z.string().optional(),
    /** Of a wrong method: those that the path has. */
    allow: z.string().optional(),
  }),
});

/** Why a generation ended without a result, as its object shows it. */
export const endedWithSchema = z.object({ code: z.string(), message: z.string() });

/** All null once it has been given to an account. */
export const waitingShape = {
  queue_position: z.number().int().nullable().describe('1 is next; 1001 says more than a thousand.'),
  estimated_start_at: unixSeconds.nullable(),
  waiting_reason: z.string().nullable().describe('A sentence, where nothing can start now.'),
};

export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    object: z.literal('list'),
    data: z.array(item),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  });
}

export function deletedOf<Name extends string>(object: Name) {
  return z.object({ id: z.string(), object: z.literal(object), deleted: z.literal(true) });
}
