/** Schemas that are worth a name of their own in generated clients; every other is written out where it is used. */
import type { z } from 'zod';
import { usageReportSchema } from '../usage.js';
import { webhookDeliverySchema, webhookEndpointSchema, webhookEndpointWithSecretSchema } from '../webhooks.js';
import { errorBodySchema } from './answer-parts.js';
import { chatChunkSchema, chatCompletionAnswerSchema } from './chat-answers.js';
import { fileListSchema, fileObjectSchema } from './file-answers.js';
import { generationEventViewSchema, generationListSchema, generationSchema } from './generation-answers.js';
import { imageEventSchema, imagesAnswerSchema } from './image-answers.js';
import { modelListSchema, modelObjectSchema } from './model-answers.js';
import { characterObjectSchema, videoListSchema, videoSchema } from './video-answers.js';

export const schemaNames: ReadonlyMap<z.core.$ZodType, string> = new Map<z.core.$ZodType, string>([
  [errorBodySchema, 'Error'],
  [chatCompletionAnswerSchema, 'ChatCompletion'],
  [chatChunkSchema, 'ChatCompletionChunk'],
  [imagesAnswerSchema, 'Images'],
  [imageEventSchema, 'ImageEvent'],
  [videoSchema, 'Video'],
  [videoListSchema, 'VideoList'],
  [characterObjectSchema, 'Character'],
  [generationSchema, 'Generation'],
  [generationListSchema, 'GenerationList'],
  [generationEventViewSchema, 'GenerationEvent'],
  [fileObjectSchema, 'File'],
  [fileListSchema, 'FileList'],
  [webhookEndpointSchema, 'WebhookEndpoint'],
  [webhookEndpointWithSecretSchema, 'WebhookEndpointWithSecret'],
  [webhookDeliverySchema, 'WebhookDelivery'],
  [modelObjectSchema, 'Model'],
  [modelListSchema, 'ModelList'],
  [usageReportSchema, 'UsageReport'],
]);
