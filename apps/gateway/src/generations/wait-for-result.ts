/** For answers in one piece: waits for the end, or says before the client's own patience ends that the generation goes on. */
import type { GenerationResult } from '@reelay/contracts/generation-request';
import { Deadline } from '@reelay/platform/deadline';
import type { GatewayParts } from '../gateway-parts.js';
import type { Delivery } from './delivery.js';
import { failureOf, type GenerationReference, restarting, stillRunning } from './generation-error.js';

export interface WaitForResult<Answer> {
  reference: GenerationReference;
  delivery: Delivery;
  /** What is answered. Where it fails the client has got nothing, and its retry finds the generation. */
  describe: (result: GenerationResult) => Promise<Answer>;
}

/**
 * Undefined when the client is gone.
 * @throws AppError `still_running`, `gateway_restarting`, or what the generation failed with
 */
export async function waitForResult<Answer>(
  { settings, hub, stopping }: Pick<GatewayParts, 'settings' | 'hub' | 'stopping'>,
  { reference, delivery, describe }: WaitForResult<Answer>,
): Promise<Answer | undefined> {
  let enough: Deadline | undefined;
  try {
    const { 'generation.waitMs': waitMs } = await settings.read();
    enough = new Deadline({ timeoutMs: waitMs, signals: [delivery.gone, stopping] });
    const end = await hub.waitForEnd(reference.id, enough.signal);
    if (delivery.gone.aborted) return undefined;
    if (!end) throw stopping.aborted ? restarting(reference) : stillRunning(reference, waitMs);
    if (end.type !== 'generation.succeeded') {
      delivery.carryResult();
      throw failureOf(end.data.error, reference);
    }
    const answer = await describe(end.data.result);
    delivery.carryResult();
    return answer;
  } catch (error) {
    if (!delivery.carriesResult) await delivery.giveUp();
    throw error;
  } finally {
    enough?.end();
  }
}
