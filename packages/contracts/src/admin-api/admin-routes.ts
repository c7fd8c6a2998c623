/** All routes under `/api/admin`. A new one is described in the file of its subject; a test fails until it is. */
import type { AdminRoute } from './admin-route.js';
import { apiKeyRoutes } from './api-key-routes.js';
import { batchRoutes } from './batch-routes.js';
import { installationRoutes } from './installation-routes.js';
import { statisticsRoutes } from './statistics-routes.js';
import { tokenRoutes } from './token-routes.js';
import { webhookRoutes } from './webhook-routes.js';

export const adminRoutes: readonly AdminRoute[] = [
  ...tokenRoutes,
  ...batchRoutes,
  ...apiKeyRoutes,
  ...statisticsRoutes,
  ...webhookRoutes,
  ...installationRoutes,
];
