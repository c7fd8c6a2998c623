import { z } from 'zod';
import { createFileSchema, filePurposes, listFilesSchema } from '../openai/files.js';
import type { ClientRoute } from './client-route.js';
import { deletedFileSchema, fileListSchema, fileObjectSchema } from './file-answers.js';
import { fileAnswers } from './file-answers-of.js';
import { fileRequestHeaders } from './request-fields.js';

export const fileRoutes: readonly ClientRoute[] = [
  {
    operation: 'createFile',
    method: 'POST',
    path: '/v1/files',
    tag: 'files',
    summary: 'Upload an image or video',
    body: createFileSchema,
    forms: ['multipart'],
    fields: { purpose: z.enum(filePurposes) },
    files: ['file'],
    answers: { 200: { description: 'The file.', json: fileObjectSchema } },
    errors: ['invalid_reference', 'file_quota_exceeded'],
  },
  {
    operation: 'listFiles',
    method: 'GET',
    path: '/v1/files',
    tag: 'files',
    summary: 'Files, the newest first',
    query: listFilesSchema,
    fields: { limit: z.number().int().min(1).max(10_000).default(1_000) },
    answers: { 200: { description: 'A page of them.', json: fileListSchema } },
    errors: ['not_found'],
  },
  {
    operation: 'showFile',
    method: 'GET',
    path: '/v1/files/:id',
    tag: 'files',
    summary: 'What is known of a file',
    answers: { 200: { description: 'The file.', json: fileObjectSchema } },
  },
  {
    operation: 'downloadFile',
    method: 'GET',
    path: '/v1/files/:id/content',
    tag: 'files',
    summary: 'The file itself',
    headers: fileRequestHeaders,
    answers: fileAnswers('*/*'),
    errors: ['range_not_satisfiable'],
  },
  {
    operation: 'deleteFile',
    method: 'DELETE',
    path: '/v1/files/:id',
    tag: 'files',
    summary: 'Delete a file',
    description: 'What was made of it stays.',
    answers: { 200: { description: 'Done.', json: deletedFileSchema } },
  },
];
