/** A person takes an account out of service or puts it back. What it renders meanwhile goes on to its end. */
import { AppError } from '@reelay/contracts/errors';
import type { TokenEvent } from '@reelay/contracts/token-life';
import type { TokenView } from '@reelay/contracts/tokens';
import { applyTokenEvent } from '@reelay/db/tokens/apply-token-event';
import { findToken } from '@reelay/db/tokens/list-tokens';
import type { TokenManagerParts } from '../token-manager-parts.js';

type ServiceEvent = Extract<TokenEvent, { type: 'disabled' | 'enabled' }>;

/** @throws AppError `not_found` */
export function disableToken(parts: TokenManagerParts, id: string, reason?: string): Promise<TokenView> {
  return setService(parts, id, { type: 'disabled', by: 'operator', reason: reason ?? 'disabled by an operator' });
}

/** Also out of `needs_attention`: whoever says so has looked. @throws AppError `not_found` */
export function enableToken(parts: TokenManagerParts, id: string): Promise<TokenView> {
  return setService(parts, id, { type: 'enabled', by: 'operator' });
}

async function setService(parts: TokenManagerParts, id: string, event: ServiceEvent): Promise<TokenView> {
  if (!(await findToken(parts.database, id))) throw unknown();
  await applyTokenEvent(parts.database, id, event);
  parts.log.info({ tokenId: id, event: event.type }, 'account put in or out of service');
  await parts.lanes.refresh();
  await parts.queues.enqueue('dispatch', {});
  const view = await findToken(parts.database, id);
  if (!view) throw unknown();
  return view;
}

function unknown(): AppError {
  return new AppError('not_found', 'There is no account of this id.');
}
