/** What follows the commit of a cancellation: watchers are told, assignment hears of free capacity, and the worker of what to call off. */
import { providerDeclarations } from '@reelay/contracts/provider-declarations';
import type { Cancellation } from '@reelay/db/generations/cancel-generation';
import type { GatewayParts } from '../gateway-parts.js';

/** None of it may fail a request, and timers make up for all of it. */
export async function announceEnd(
  { publisher, queues }: Pick<GatewayParts, 'publisher' | 'queues'>,
  { event, upstream }: Cancellation,
): Promise<void> {
  if (!event) return;
  await publisher.publish(event.generationId, event.event);
  await queues.enqueue('dispatch', {});
  for (const { tokenId, provider } of upstream) {
    if (canCancel(provider)) await queues.enqueue('poll', { tokenId }, { bringForward: true });
  }
}

function canCancel(provider: string): boolean {
  return providerDeclarations.some(({ id, canCancel }) => id === provider && canCancel);
}
