import { operatorEventPageSchema, operatorEventQuerySchema } from '../operator-events.js';
import {
  poolStatisticsSchema,
  poolUtilisationSchema,
  statisticsQuerySchema,
  tokenStatisticsSchema,
  utilisationQuerySchema,
} from '../statistics.js';
import type { AdminRoute } from './admin-route.js';

export const statisticsRoutes: readonly AdminRoute[] = [
  {
    operation: 'showStatistics',
    method: 'GET',
    path: '/api/admin/statistics',
    tag: 'statistics',
    summary: 'What all accounts made, today, day by day and ever',
    description: 'Days begin at midnight of the time zone in the setting `statistics.timeZone`.',
    query: statisticsQuerySchema,
    response: poolStatisticsSchema,
  },
  {
    operation: 'showUtilisation',
    method: 'GET',
    path: '/api/admin/statistics/utilisation',
    tag: 'statistics',
    summary: 'How busy the pool was over time',
    query: utilisationQuerySchema,
    response: poolUtilisationSchema,
  },
  {
    operation: 'showTokenStatistics',
    method: 'GET',
    path: '/api/admin/tokens/:id/statistics',
    tag: 'statistics',
    summary: 'What one account made, also one that was deleted',
    query: statisticsQuerySchema,
    response: tokenStatisticsSchema,
  },
  {
    operation: 'listOperatorEvents',
    method: 'GET',
    path: '/api/admin/events',
    tag: 'statistics',
    summary: 'What wanted a person’s attention, newest first',
    query: operatorEventQuerySchema,
    response: operatorEventPageSchema,
  },
];
