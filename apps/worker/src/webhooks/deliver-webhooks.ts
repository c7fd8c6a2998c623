/**
 * The webhook job: sends what is due to one endpoint. One job per endpoint, so that a slow receiver takes one place of all, and what it is
 * sent at once is bounded. What a job does not get to do is in the rows, and a timer makes the next.
 */
import type { Settings } from '@reelay/contracts/settings';
import {
  type ClaimedDelivery,
  claimDeliveries,
  type DeliveryTarget,
  findDeliveryTarget,
  returnDelivery,
} from '@reelay/db/webhooks/claim-deliveries';
import { type AttemptOutcome, recordAttempt } from '@reelay/db/webhooks/record-attempt';
import type { JobContext, JobResult } from '@reelay/platform/consume';
import { crashPoint } from '@reelay/platform/crash-point';
import { GuardError } from '@reelay/platform/guarded-target';
import { SealError } from '@reelay/platform/seal';
import { sendWebhook } from '@reelay/platform/send-webhook';
import type { WebhookSecrets } from '@reelay/platform/webhook-secrets';
import type { WorkerParts } from '../worker-parts.js';
import { webhookPauseMs } from './webhook-pause.js';

export interface WebhookParts extends Pick<WorkerParts, 'database' | 'settings' | 'random'> {
  readonly secrets: WebhookSecrets;
  /** `host:port` of private places that events may be sent to. */
  readonly fetchAllow: readonly string[];
}

/** After that long the job makes way for those of other endpoints. */
const turnMs = 20_000;
/** When it comes back if nobody answered, or with the next bell, behind the jobs that wait then: its place is for those who do answer. */
const silentMs = 5_000;
/** What a claim lasts beyond the longest try: recording it may have to wait for the database. */
const recordingMs = 30_000;

interface Sending {
  parts: WebhookParts;
  target: DeliveryTarget;
  settings: Settings;
  context: JobContext;
}

export async function deliverWebhooks(
  parts: WebhookParts,
  { endpointId }: { endpointId: string },
  context: JobContext,
): Promise<JobResult> {
  const endOfTurn = performance.now() + turnMs;
  while (performance.now() < endOfTurn) {
    context.signal.throwIfAborted();
    const settings = await parts.settings.read();
    const target = await findDeliveryTarget(parts.database, endpointId);
    if (!target) return undefined;
    const claimed = await claimDeliveries(parts.database, {
      endpointId,
      limit: settings['webhook.concurrency'],
      claimMs: settings['webhook.timeoutMs'] + recordingMs,
    });
    if (claimed.length === 0) return undefined;
    const sent = await Promise.allSettled(claimed.map((each) => deliver({ parts, target, settings, context }, each)));
    const failure = sent.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
    context.signal.throwIfAborted();
    if (sent.every((result) => result.status === 'fulfilled' && result.value === 'no answer'))
      return { againInMs: silentMs };
  }
  return { againInMs: 0 };
}

async function deliver(sending: Sending, delivery: ClaimedDelivery): Promise<'answered' | 'no answer'> {
  const { parts, target, settings, context } = sending;
  const outcome = await send(sending, delivery);
  if (!outcome) {
    await returnDelivery(parts.database, delivery);
    return 'no answer';
  }
  crashPoint('webhook.after-sent');
  const recorded = await recordAttempt(parts.database, outcome, {
    pauseMs: webhookPauseMs(settings, delivery.tryOfRound, parts.random),
    retryForMs: settings['webhook.retryForMs'],
    disableAfterMs: settings['webhook.disableAfterMs'],
  });
  const { statusCode, durationMs, error, n } = outcome;
  const fields = { endpointId: target.id, deliveryId: delivery.id, n, statusCode, durationMs };
  if (outcome.isTaken) context.log.info(fields, 'event delivered');
  else context.log.warn({ ...fields, reason: error, state: recorded.state }, 'event not delivered');
  if (recorded.isDisabled)
    context.log.error({ endpointId: target.id }, 'webhook endpoint disabled, all of its tries fail');
  return statusCode === null ? 'no answer' : 'answered';
}

/** Undefined where it was this process that broke it off. */
async function send(
  { parts, target, settings, context }: Sending,
  { id, n, event }: ClaimedDelivery,
): Promise<AttemptOutcome | undefined> {
  const beganAt = performance.now();
  const common = { deliveryId: id, endpointId: target.id, n };
  const elapsed = () => ({ durationMs: Math.round(performance.now() - beganAt) });
  try {
    const { statusCode, response } = await sendWebhook({
      ...{ url: target.url, event, secrets: secretsOf(parts, target), signal: context.signal },
      ...{ allow: parts.fetchAllow, timeoutMs: settings['webhook.timeoutMs'] },
    });
    const isTaken = statusCode >= 200 && statusCode < 300;
    return { ...common, ...elapsed(), isTaken, statusCode, response, error: null };
  } catch (error) {
    if (context.signal.aborted) return undefined;
    return { ...common, ...elapsed(), isTaken: false, statusCode: null, response: null, error: reasonOf(error) };
  }
}

function secretsOf({ secrets }: WebhookParts, { id, secretSealed, oldSecretSealed }: DeliveryTarget): string[] {
  const current = secrets.open(id, 'secret_sealed', secretSealed);
  return oldSecretSealed === null ? [current] : [current, secrets.open(id, 'old_secret_sealed', oldSecretSealed)];
}

/** For the log of its owner. @throws what is no failure of the receiver's */
function reasonOf(error: unknown): string {
  if (error instanceof GuardError) return error.message;
  if (error instanceof SealError) return 'The signing secret cannot be read any more; rotate it.';
  throw error;
}
