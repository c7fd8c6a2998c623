/** What a client is told of a generation's place in its lane; all null once it has been given to an account. */
import type { Generation } from '@reelay/db/generations/find-generation';
import type { PlaceInLane } from '@reelay/db/lanes/find-place';
import type { WaitingRow } from '@reelay/db/lanes/long-lines';
import type { GatewayParts } from '../gateway-parts.js';

export interface WaitingFields {
  /** 1 is next; 1001 says more than a thousand. */
  queue_position: number | null;
  /** Seconds since 1970; an estimate from the pace of the lane, and null where there is nothing to estimate from. */
  estimated_start_at: number | null;
  /** A sentence, where nothing can start now. */
  waiting_reason: string | null;
}

export async function waitingFieldsOf(
  { lines }: Pick<GatewayParts, 'lines'>,
  generation: Pick<Generation, 'state' | 'stage'> & WaitingRow,
): Promise<WaitingFields> {
  const { state, stage } = generation;
  const place = state === 'queued' && stage === 'waiting' ? await lines.findPlace(generation) : undefined;
  return toWaitingFields(place);
}

export function toWaitingFields(place: PlaceInLane | undefined): WaitingFields {
  return {
    queue_position: place?.position ?? null,
    // Whole seconds, and never too early.
    estimated_start_at: place?.estimatedStartAt ? Math.ceil(place.estimatedStartAt.getTime() / 1000) : null,
    waiting_reason: place?.reason ?? null,
  };
}
