import { z } from 'zod';
import {
  batchListQuerySchema,
  batchListSchema,
  batchPageSchema,
  batchRowsQuerySchema,
  batchViewSchema,
  createBatchSchema,
  importQuerySchema,
} from '../batches.js';
import type { AdminRoute } from './admin-route.js';

/** What an export gives of an account: sora2api's names, and ours beside them. Read again by an import as it is. */
export const exportedAccountSchema = z.looseObject({
  email: z.string(),
  access_token: z.string().nullable(),
  session_token: z.string().nullable(),
  refresh_token: z.string().nullable(),
  client_id: z.string().nullable(),
  proxy_url: z.string().nullable(),
  remark: z.string().nullable(),
  is_active: z.boolean(),
  image_enabled: z.boolean(),
  video_enabled: z.boolean(),
  /** −1 is unlimited. */
  image_concurrency: z.number().int(),
  video_concurrency: z.number().int(),
});

export const batchRoutes: readonly AdminRoute[] = [
  {
    operation: 'importTokens',
    method: 'POST',
    path: '/api/admin/tokens/import',
    tag: 'batches',
    summary: 'Bring in a file of accounts',
    description:
      'At most 200 MiB, as it is and not as a form: sora2api’s export, one JSON object per line, CSV with a header, or one token per line. It is worked off by the batch that is answered.',
    query: importQuerySchema,
    body: 'file',
    status: 202,
    response: batchViewSchema,
    errors: ['request_too_large', 'unsupported_media_type'],
  },
  {
    operation: 'exportTokens',
    method: 'GET',
    path: '/api/admin/tokens/export',
    tag: 'batches',
    summary: 'All accounts as a file',
    description: 'Its secrets are null unless the admin key is sent a second time.',
    headers: z.object({ 'x-admin-key-confirm': z.string().optional() }),
    response: z.array(exportedAccountSchema),
  },
  {
    operation: 'createBatch',
    method: 'POST',
    path: '/api/admin/batches',
    tag: 'batches',
    summary: 'Do something with many accounts',
    description:
      'Name them by `tokenIds` or by a `filter`, which is applied when the batch is made; `{}` is all of them.',
    body: createBatchSchema,
    status: 202,
    response: batchViewSchema,
  },
  {
    operation: 'listBatches',
    method: 'GET',
    path: '/api/admin/batches',
    tag: 'batches',
    summary: 'Batches, newest first',
    query: batchListQuerySchema,
    response: batchListSchema,
  },
  {
    operation: 'showBatch',
    method: 'GET',
    path: '/api/admin/batches/:id',
    tag: 'batches',
    summary: 'How far a batch is, with the verdicts of its rows',
    query: batchRowsQuerySchema,
    response: batchPageSchema,
  },
  {
    operation: 'cancelBatch',
    method: 'POST',
    path: '/api/admin/batches/:id/cancel',
    tag: 'batches',
    summary: 'Stop a batch',
    description: 'What is done stays done; rows without a verdict stay without one.',
    response: batchPageSchema,
    errors: ['invalid_request'],
  },
];
