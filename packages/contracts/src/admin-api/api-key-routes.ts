import {
  apiKeyListQuerySchema,
  apiKeyListSchema,
  apiKeyViewSchema,
  changeApiKeySchema,
  createApiKeySchema,
  createdApiKeySchema,
  deletedApiKeySchema,
} from '../api-keys.js';
import { usageQuerySchema, usageReportSchema } from '../usage.js';
import type { AdminRoute } from './admin-route.js';

export const apiKeyRoutes: readonly AdminRoute[] = [
  {
    operation: 'createApiKey',
    method: 'POST',
    path: '/api/admin/api-keys',
    tag: 'apiKeys',
    summary: 'Make a key for a client, or bring in one that clients have already',
    description: 'A key that was made is in this answer and nowhere else, ever.',
    body: createApiKeySchema,
    response: createdApiKeySchema,
  },
  {
    operation: 'listApiKeys',
    method: 'GET',
    path: '/api/admin/api-keys',
    tag: 'apiKeys',
    summary: 'Keys, page by page, the newest first',
    query: apiKeyListQuerySchema,
    response: apiKeyListSchema,
  },
  {
    operation: 'showApiKey',
    method: 'GET',
    path: '/api/admin/api-keys/:id',
    tag: 'apiKeys',
    summary: 'One key with its limits',
    response: apiKeyViewSchema,
  },
  {
    operation: 'changeApiKey',
    method: 'PATCH',
    path: '/api/admin/api-keys/:id',
    tag: 'apiKeys',
    summary: 'Change what a key may do, revoke it or let it work again',
    description: 'What is left out stays, null takes a limit away. Gateways notice within five seconds.',
    body: changeApiKeySchema,
    response: apiKeyViewSchema,
  },
  {
    operation: 'deleteApiKey',
    method: 'DELETE',
    path: '/api/admin/api-keys/:id',
    tag: 'apiKeys',
    summary: 'Delete a key for good',
    description: 'Generations of its owner and what it used stay.',
    response: deletedApiKeySchema,
  },
  {
    operation: 'showApiKeyUsage',
    method: 'GET',
    path: '/api/admin/api-keys/:id/usage',
    tag: 'apiKeys',
    summary: 'What a key used, also one that was deleted',
    query: usageQuerySchema,
    response: usageReportSchema,
  },
];
