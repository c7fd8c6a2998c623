/** All routes under `/v1`. A new one is described in the file of its subject; a test fails until it is. */
import { chatRoutes } from './chat-routes.js';
import type { ClientRoute } from './client-route.js';
import { fileRoutes } from './file-routes.js';
import { generationRoutes } from './generation-routes.js';
import { imageRoutes } from './image-routes.js';
import { modelRoutes } from './model-routes.js';
import { videoActionRoutes } from './video-action-routes.js';
import { videoRoutes } from './video-routes.js';
import { webhookRoutes } from './webhook-routes.js';

export const clientRoutes: readonly ClientRoute[] = [
  ...chatRoutes,
  ...imageRoutes,
  ...videoRoutes,
  ...videoActionRoutes,
  ...generationRoutes,
  ...fileRoutes,
  ...webhookRoutes,
  ...modelRoutes,
];
