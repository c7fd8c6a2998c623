/**
 * The job catalogue: queue name → payload schema. Payloads carry ids only, never a secret; fields are only ever added, and
 * new ones are optional, because jobs of the previous release are still queued during an upgrade.
 */
import { z } from 'zod';

export const jobCatalogue = {
  /** A bell: work or capacity may have appeared. Consumed by the token-manager. */
  dispatch: z.object({}),
  /** Do the next step of an assigned generation. Re-entrant. */
  run: z.object({ generationId: z.string() }),
  /** One round of polling for all open attempts of a token. */
  poll: z.object({ tokenId: z.string() }),
  /** Fetch the media of a generation the upstream finished, then end it. */
  finish: z.object({ generationId: z.string() }),
  /** Send what is due to one webhook endpoint. */
  webhook: z.object({ endpointId: z.string() }),
} as const;

export type QueueName = keyof typeof jobCatalogue;
export type JobPayload<Name extends QueueName> = z.infer<(typeof jobCatalogue)[Name]>;
export const queueNames = Object.keys(jobCatalogue) as QueueName[];

/** One job of a kind and subject at a time; an add while it is active means one more round. */
export function deduplicationId<Name extends QueueName>(name: Name, payload: JobPayload<Name>): string {
  const subject = Object.values(payload as Record<string, string>)[0];
  return subject === undefined ? name : `${name}:${subject}`;
}
