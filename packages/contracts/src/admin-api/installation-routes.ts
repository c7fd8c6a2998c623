import { z } from 'zod';
import { installationStatusSchema } from '../installation-status.js';
import { proxiesViewSchema, setProxiesSchema } from '../proxies.js';
import type { AdminRoute } from './admin-route.js';

export const installationRoutes: readonly AdminRoute[] = [
  {
    operation: 'showProxies',
    method: 'GET',
    path: '/api/admin/proxies',
    tag: 'installation',
    summary: 'The proxies for all accounts, without their passwords',
    response: proxiesViewSchema,
  },
  {
    operation: 'setProxies',
    method: 'PUT',
    path: '/api/admin/proxies',
    tag: 'installation',
    summary: 'Change the proxies for all accounts',
    description: 'What is left out stays as it is, null removes. Work that has begun keeps the proxy it began with.',
    body: setProxiesSchema,
    response: proxiesViewSchema,
  },
  {
    operation: 'showStatus',
    method: 'GET',
    path: '/api/admin/status',
    tag: 'installation',
    summary: 'Generations, lanes and accounts at a glance',
    response: installationStatusSchema,
  },
  {
    operation: 'describeAdminApi',
    method: 'GET',
    path: '/api/admin/openapi.json',
    tag: 'installation',
    summary: 'This description',
    response: z.looseObject({ openapi: z.string() }),
  },
];
