import { z } from 'zod';
import { generationKinds } from '../domain.js';
import { pageQuerySchema } from '../openai/page.js';
import type { ClientRoute } from './client-route.js';
import {
  deletedGenerationSchema,
  generationEventViewSchema,
  generationListSchema,
  generationSchema,
} from './generation-answers.js';
import { limitField, resumeHeaders } from './request-fields.js';

export const generationRoutes: readonly ClientRoute[] = [
  {
    operation: 'listGenerations',
    method: 'GET',
    path: '/v1/generations',
    tag: 'generations',
    summary: 'Generations of every kind, the newest first',
    query: pageQuerySchema.extend({ kind: z.enum(generationKinds).optional() }),
    fields: { limit: limitField },
    answers: { 200: { description: 'A page of them.', json: generationListSchema } },
    errors: ['not_found'],
  },
  {
    operation: 'showGeneration',
    method: 'GET',
    path: '/v1/generations/:id',
    tag: 'generations',
    summary: 'A generation, by any of its ids',
    answers: { 200: { description: 'The generation as it stands.', json: generationSchema } },
  },
  {
    operation: 'cancelGeneration',
    method: 'POST',
    path: '/v1/generations/:id/cancel',
    tag: 'generations',
    summary: 'Stop waiting for a generation',
    answers: { 200: { description: 'The generation as it is now.', json: generationSchema } },
  },
  {
    operation: 'deleteGeneration',
    method: 'DELETE',
    path: '/v1/generations/:id',
    tag: 'generations',
    summary: 'Delete a generation and its files',
    answers: { 200: { description: 'Done.', json: deletedGenerationSchema } },
  },
  {
    operation: 'followGeneration',
    method: 'GET',
    path: '/v1/generations/:id/events',
    tag: 'generations',
    summary: 'What happens to a generation, as it happens',
    description: 'Each event has its number as `id`; a stream goes on after the last one that the client has.',
    query: z.object({
      after: z.string().optional().describe('Number of the last event that the client has; 0 is none.'),
    }),
    headers: resumeHeaders,
    answers: {
      200: { description: 'Events until its end.', event: generationEventViewSchema },
      204: { description: 'The client has all there will ever be.' },
    },
  },
];
