import { createImageSchema, editImageSchema } from '../openai/images.js';
import type { ClientAnswer, ClientRoute } from './client-route.js';
import { acceptErrors, waitErrors } from './errors-of-route.js';
import { imageEventSchema, imagesAnswerSchema } from './image-answers.js';
import { idempotencyHeaders, imageField, imagesField } from './request-fields.js';

const made: Readonly<Record<number, ClientAnswer>> = {
  200: { description: 'All of them are made.', json: imagesAnswerSchema, event: imageEventSchema },
};

export const imageRoutes: readonly ClientRoute[] = [
  {
    operation: 'createImage',
    method: 'POST',
    path: '/v1/images/generations',
    tag: 'images',
    summary: 'Make images',
    description: 'With `n` several, each a generation of its own. With `stream` each comes as soon as it is made.',
    headers: idempotencyHeaders,
    body: createImageSchema,
    example: { prompt: 'A paper boat on a lake at dawn', model: 'gpt-image', response_format: 'url' },
    answers: made,
    errors: [...acceptErrors, ...waitErrors, 'moderation_blocked'],
  },
  {
    operation: 'editImage',
    method: 'POST',
    path: '/v1/images/edits',
    tag: 'images',
    summary: 'Make images of images',
    headers: idempotencyHeaders,
    body: editImageSchema,
    example: {
      prompt: 'The same at night',
      model: 'gpt-image',
      images: [{ image_url: 'https://example.com/boat.png' }],
      response_format: 'url',
    },
    forms: ['json', 'multipart'],
    fields: { image: imageField, images: imagesField },
    files: ['image'],
    answers: made,
    errors: [...acceptErrors, ...waitErrors, 'moderation_blocked'],
  },
];
