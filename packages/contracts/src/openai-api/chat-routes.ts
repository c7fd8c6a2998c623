import { chatCompletionSchema } from '../openai/chat.js';
import { chatChunkSchema, chatCompletionAnswerSchema } from './chat-answers.js';
import type { ClientRoute } from './client-route.js';
import { acceptErrors, waitErrors } from './errors-of-route.js';
import { idempotencyHeaders, messagesField } from './request-fields.js';

export const chatRoutes: readonly ClientRoute[] = [
  {
    operation: 'createChatCompletion',
    method: 'POST',
    path: '/v1/chat/completions',
    tag: 'chat',
    summary: 'Make an image, a video, a character or a better prompt',
    description:
      'The model says what is made. With `stream` the progress comes as reasoning and the result as content; what fails after the first byte is an event with an `error`. The result stays with the generation, whose id stands beside the message.',
    headers: idempotencyHeaders,
    body: chatCompletionSchema,
    example: {
      model: 'sora2-landscape-10s',
      messages: [{ role: 'user', content: 'A paper boat on a lake at dawn' }],
      stream: true,
    },
    fields: { messages: messagesField },
    answers: {
      200: { description: 'It is made.', json: chatCompletionAnswerSchema, event: chatChunkSchema },
    },
    errors: [...acceptErrors, ...waitErrors],
  },
];
