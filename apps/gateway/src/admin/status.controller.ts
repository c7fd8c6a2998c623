import { Controller, Get, Inject } from '@nestjs/common';
import { countGenerations } from '@reelay/db/generations/count-generations';
import { listLaneStates } from '@reelay/db/lanes/list-lane-states';
import { GatewayParts } from '../gateway-parts.js';
import { AdminOnly } from '../http/access.js';
import { toAppError } from '../http/to-app-error.js';

@AdminOnly()
@Controller('api/admin/status')
export class StatusController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  /** A token-manager that is away is part of the status, not a reason to have none. */
  @Get()
  async read() {
    const { database, tokenManager, isRedisReady, version, commit } = this.parts;
    const [generations, lanes, tokens] = await Promise.all([
      countGenerations(database),
      listLaneStates(database),
      tokenManager.list().then(
        (list) => ({ list }),
        (error: unknown) => ({ error: toAppError(error).message }),
      ),
    ]);
    return {
      version,
      commit,
      redis: isRedisReady() ? 'ok' : 'degraded',
      generations,
      lanes,
      tokens: 'list' in tokens ? tokens.list : null,
      ...('error' in tokens ? { tokensError: tokens.error } : {}),
    };
  }
}
