import {
  createCharacterSchema,
  editVideoSchema,
  extendVideoSchema,
  remixVideoSchema,
} from '../openai/video-actions.js';
import type { ClientAnswer, ClientRoute } from './client-route.js';
import { acceptErrors, waitErrors } from './errors-of-route.js';
import { idempotencyHeaders, videoField } from './request-fields.js';
import { characterObjectSchema } from './video-answers.js';
import { videoAnswers } from './video-routes.js';

const characterAnswers: Readonly<Record<number, ClientAnswer>> = {
  200: { description: 'The character.', json: characterObjectSchema },
};

export const videoActionRoutes: readonly ClientRoute[] = [
  {
    operation: 'remixVideo',
    method: 'POST',
    path: '/v1/videos/:id/remix',
    tag: 'videos',
    summary: 'Make a video anew with another prompt',
    headers: idempotencyHeaders,
    body: remixVideoSchema,
    example: { prompt: 'The same at night' },
    forms: ['json', 'multipart'],
    answers: videoAnswers,
    errors: acceptErrors,
  },
  {
    operation: 'extendVideo',
    method: 'POST',
    path: '/v1/videos/extensions',
    tag: 'videos',
    summary: 'Go on with a video',
    headers: idempotencyHeaders,
    body: extendVideoSchema,
    example: { prompt: 'It reaches the shore', video: { id: 'video_01J00000000000000000000000' }, seconds: '10' },
    forms: ['json', 'multipart'],
    fields: { video: videoField },
    files: ['video'],
    answers: videoAnswers,
    errors: acceptErrors,
  },
  {
    operation: 'editVideo',
    method: 'POST',
    path: '/v1/videos/edits',
    tag: 'videos',
    summary: 'Change a video',
    description: 'No upstream of today can; it is refused with `not_supported_by_model` or what else is wrong with it.',
    headers: idempotencyHeaders,
    body: editVideoSchema,
    example: { prompt: 'The same at night', video: { id: 'video_01J00000000000000000000000' } },
    forms: ['json', 'multipart'],
    fields: { video: videoField },
    files: ['video'],
    answers: videoAnswers,
    errors: acceptErrors,
  },
  {
    operation: 'createCharacter',
    method: 'POST',
    path: '/v1/videos/characters',
    tag: 'videos',
    summary: 'Make a character that prompts can name',
    description: 'Answered when it is there; who cannot wait so long finds it by the id of the error `still_running`.',
    headers: idempotencyHeaders,
    body: createCharacterSchema,
    example: { name: 'Moss', video: { id: 'video_01J00000000000000000000000' } },
    forms: ['json', 'multipart'],
    fields: { video: videoField },
    files: ['video'],
    answers: characterAnswers,
    errors: [...acceptErrors, ...waitErrors],
  },
  {
    operation: 'showCharacter',
    method: 'GET',
    path: '/v1/videos/characters/:id',
    tag: 'videos',
    summary: 'A character, also one that is still being made',
    answers: characterAnswers,
  },
];
