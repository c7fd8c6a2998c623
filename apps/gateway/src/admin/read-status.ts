import { countGenerations } from '@reelay/db/generations/count-generations';
import { listLaneStates } from '@reelay/db/lanes/list-lane-states';
import type { GatewayParts } from '../gateway-parts.js';
import { toAppError } from '../http/to-app-error.js';

/** How the whole installation is doing. A token-manager that is away is part of the status, not a reason to have none. */
export async function readStatus({ database, tokenManager, isRedisReady, version, commit }: GatewayParts) {
  const [generations, lanes, tokens] = await Promise.all([
    countGenerations(database),
    listLaneStates(database),
    tokenManager.count().then(
      (counts) => ({ tokens: counts }),
      (error: unknown) => ({ tokens: null, tokensError: toAppError(error).message }),
    ),
  ]);
  return { version, commit, redis: isRedisReady() ? 'ok' : 'degraded', generations, lanes, ...tokens };
}
