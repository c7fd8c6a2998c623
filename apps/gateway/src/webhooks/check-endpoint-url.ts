import { AppError } from '@reelay/contracts/errors';
import { GuardError } from '@reelay/platform/guarded-target';
import { checkWebhookUrl } from '@reelay/platform/send-webhook';
import type { GatewayParts } from '../gateway-parts.js';

/**
 * Its form, host and port; what the name stands for is looked at when something is sent, each time anew.
 * @throws AppError `invalid_value`
 */
export function checkEndpointUrl({ fetchAllow }: Pick<GatewayParts, 'fetchAllow'>, url: string): void {
  try {
    checkWebhookUrl(url, { allow: fetchAllow });
  } catch (error) {
    if (!(error instanceof GuardError)) throw error;
    throw new AppError('invalid_value', error.message, { param: 'url', cause: error });
  }
}
