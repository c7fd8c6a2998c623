import { z } from 'zod';
import { pageQuerySchema } from '../openai/page.js';
import { createVideoSchema } from '../openai/videos.js';
import type { ClientAnswer, ClientRoute } from './client-route.js';
import { acceptErrors, endErrors } from './errors-of-route.js';
import { fileAnswers } from './file-answers-of.js';
import { fileRequestHeaders, idempotencyHeaders, imageField, limitField } from './request-fields.js';
import { deletedVideoSchema, videoListSchema, videoSchema } from './video-answers.js';

export const videoAnswers: Readonly<Record<number, ClientAnswer>> = {
  200: { description: 'The video as it stands.', json: videoSchema },
};

const variants = ['video', 'thumbnail', 'spritesheet'] as const;

export const videoRoutes: readonly ClientRoute[] = [
  {
    operation: 'createVideo',
    method: 'POST',
    path: '/v1/videos',
    tag: 'videos',
    summary: 'Have a video made',
    description: 'Answered at once; ask for it by its id until its status is `completed` or `failed`.',
    headers: idempotencyHeaders,
    body: createVideoSchema,
    example: { prompt: 'A paper boat on a lake at dawn', model: 'sora-2', seconds: '10', size: '1280x720' },
    forms: ['json', 'multipart'],
    fields: { input_reference: imageField },
    files: ['input_reference'],
    answers: videoAnswers,
    errors: acceptErrors,
  },
  {
    operation: 'listVideos',
    method: 'GET',
    path: '/v1/videos',
    tag: 'videos',
    summary: 'Videos, by whichever route they were asked for, the newest first',
    query: pageQuerySchema,
    fields: { limit: limitField },
    answers: { 200: { description: 'A page of them.', json: videoListSchema } },
    errors: ['not_found'],
  },
  {
    operation: 'showVideo',
    method: 'GET',
    path: '/v1/videos/:id',
    tag: 'videos',
    summary: 'How far a video is',
    answers: {
      200: {
        ...{ description: 'The video as it stands.', json: videoSchema },
        headers: { 'openai-poll-after-ms': 'After how many milliseconds to ask again.' },
      },
    },
  },
  {
    operation: 'cancelVideo',
    method: 'POST',
    path: '/v1/videos/:id/cancel',
    tag: 'videos',
    summary: 'Stop waiting for a video',
    description: 'It is `failed` to OpenAI’s clients, with the code `cancelled`. What has ended stays as it is.',
    answers: videoAnswers,
  },
  {
    operation: 'deleteVideo',
    method: 'DELETE',
    path: '/v1/videos/:id',
    tag: 'videos',
    summary: 'Delete a video and its file',
    answers: { 200: { description: 'Done.', json: deletedVideoSchema } },
  },
  {
    operation: 'downloadVideo',
    method: 'GET',
    path: '/v1/videos/:id/content',
    tag: 'videos',
    summary: 'The file of a video, or a picture made of it',
    query: z.object({ variant: z.enum(variants).default('video') }),
    headers: fileRequestHeaders,
    answers: fileAnswers('*/*'),
    errors: [...endErrors, 'video_not_ready', 'variant_unavailable', 'expired', 'range_not_satisfiable'],
  },
];
