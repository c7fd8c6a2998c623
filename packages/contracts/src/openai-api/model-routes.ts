import { usageQuerySchema, usageReportSchema } from '../usage.js';
import type { ClientRoute } from './client-route.js';
import { modelListSchema, modelObjectSchema } from './model-answers.js';

export const modelRoutes: readonly ClientRoute[] = [
  {
    operation: 'listModels',
    method: 'GET',
    path: '/v1/models',
    tag: 'models',
    summary: 'What this key may ask for',
    answers: { 200: { description: 'All of them.', json: modelListSchema } },
  },
  {
    operation: 'showModel',
    method: 'GET',
    path: '/v1/models/*',
    tag: 'models',
    summary: 'One model; its id may have slashes',
    answers: { 200: { description: 'The model.', json: modelObjectSchema } },
    errors: ['model_not_found', 'model_not_allowed'],
  },
  {
    operation: 'showUsage',
    method: 'GET',
    path: '/v1/usage',
    tag: 'usage',
    summary: 'What this key used, in counts and costs',
    query: usageQuerySchema,
    answers: { 200: { description: 'By day, model or kind.', json: usageReportSchema } },
  },
];
