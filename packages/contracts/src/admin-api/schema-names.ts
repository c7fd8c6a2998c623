/** Schemas that are worth a name of their own in generated clients; every other is written out where it is used. */
import type { z } from 'zod';
import { apiKeyViewSchema, changeApiKeySchema, createApiKeySchema } from '../api-keys.js';
import { batchPageSchema, batchViewSchema, createBatchSchema } from '../batches.js';
import { installationStatusSchema, laneViewSchema } from '../installation-status.js';
import { operatorEventViewSchema } from '../operator-events.js';
import { proxiesViewSchema } from '../proxies.js';
import { workByKindSchema, workCountsSchema, workDaySchema } from '../statistics.js';
import { changeTokenSchema, tokenDetailsSchema } from '../token-details.js';
import { kindStateSchema, tokenEventViewSchema, tokenStateSchema } from '../token-history.js';
import { tokenCountsSchema, tokenFilterSchema, tokenListSchema } from '../token-list.js';
import { addedTokenSchema, addTokenSchema, tokenViewSchema } from '../tokens.js';
import { usageReportSchema } from '../usage.js';
import { operatorWebhookBodies, webhookDeliverySchema, webhookEndpointSchema } from '../webhooks.js';
import { exportedAccountSchema } from './batch-routes.js';

export const schemaNames: ReadonlyMap<z.core.$ZodType, string> = new Map<z.core.$ZodType, string>([
  [addTokenSchema, 'AddToken'],
  [addedTokenSchema, 'AddedToken'],
  [tokenViewSchema, 'Token'],
  [tokenDetailsSchema, 'TokenDetails'],
  [changeTokenSchema, 'ChangeToken'],
  [tokenCountsSchema, 'TokenCounts'],
  [kindStateSchema, 'KindState'],
  [tokenStateSchema, 'TokenState'],
  [tokenEventViewSchema, 'TokenEvent'],
  [tokenFilterSchema, 'TokenFilter'],
  [tokenListSchema, 'TokenList'],
  [createBatchSchema, 'CreateBatch'],
  [batchViewSchema, 'Batch'],
  [batchPageSchema, 'BatchPage'],
  [exportedAccountSchema, 'ExportedAccount'],
  [createApiKeySchema, 'CreateApiKey'],
  [changeApiKeySchema, 'ChangeApiKey'],
  [apiKeyViewSchema, 'ApiKey'],
  [usageReportSchema, 'UsageReport'],
  [proxiesViewSchema, 'Proxies'],
  [workCountsSchema, 'WorkCounts'],
  [workByKindSchema, 'WorkByKind'],
  [workDaySchema, 'WorkDay'],
  [operatorEventViewSchema, 'OperatorEvent'],
  [laneViewSchema, 'Lane'],
  [operatorWebhookBodies.create, 'CreateWebhookEndpoint'],
  [webhookEndpointSchema, 'WebhookEndpoint'],
  [webhookDeliverySchema, 'WebhookDelivery'],
  [installationStatusSchema, 'InstallationStatus'],
]);
