import { AppError } from '@reelay/contracts/errors';
import type { GatewayParts } from '../gateway-parts.js';

/**
 * Ready is who can reach Postgres. Without Redis everything works, only later: no reason to take the gateway out of service.
 * @throws AppError `service_unavailable`
 */
export async function checkReadiness({ database, isRedisReady }: GatewayParts) {
  const redis = isRedisReady() ? 'ok' : 'degraded';
  try {
    await database.$queryRaw`SELECT 1`;
  } catch (error) {
    throw new AppError('service_unavailable', 'Postgres cannot be reached just now.', {
      cause: error,
      details: { postgres: 'down', redis },
    });
  }
  return { status: 'ready', postgres: 'ok', redis };
}
