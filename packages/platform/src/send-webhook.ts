/** One try to hand an event to the server that a user named: signed as Standard Webhooks says, through the guard, following nothing. */
import { createHmac } from 'node:crypto';
import { toStorableText } from '@reelay/contracts/storable-text';
import type { WebhookEvent } from '@reelay/contracts/webhooks';
import { guardedRequest } from './guarded-request.js';
import { checkTarget, GuardError, type GuardRules, parseTarget } from './guarded-target.js';

export interface OutgoingWebhook extends GuardRules {
  readonly url: string;
  /** All that are valid now; the receiver may know any of them. */
  readonly secrets: readonly string[];
  readonly event: WebhookEvent;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970; another one only in tests. */
  readonly now?: () => number;
}

export interface WebhookAnswer {
  readonly statusCode: number;
  /** Its first KiB, as text and without our secrets. */
  readonly response: string;
}

const mostAnswerBytes = 1_024;

/**
 * Any answer is an answer; what it means is the caller's to say.
 * @throws GuardError, or the signal's reason
 */
export async function sendWebhook(webhook: OutgoingWebhook): Promise<WebhookAnswer> {
  const { url, secrets, event, timeoutMs, signal, now = Date.now, ...rules } = webhook;
  checkWebhookUrl(url, rules);
  const body = JSON.stringify(event);
  const timestamp = Math.floor(now() / 1_000);
  const answer = await guardedRequest({
    ...rules,
    ...{ url, body, timeoutMs, mostAnswerBytes, method: 'POST', idleTimeoutMs: timeoutMs },
    ...(signal && { signal }),
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Reelay-Webhooks',
      'webhook-id': event.id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signWebhook(secrets, { id: event.id, timestamp, body }),
    },
  });
  return { statusCode: answer.status, response: readable(answer.body, secrets) };
}

/** The value of `webhook-signature`: one signature for each secret, the newest first. */
export function signWebhook(
  secrets: readonly string[],
  { id, timestamp, body }: { id: string; timestamp: number; body: string },
): string {
  const signed = `${id}.${timestamp}.${body}`;
  return secrets.map((secret) => `v1,${createHmac('sha256', keyOf(secret)).update(signed).digest('base64')}`).join(' ');
}

/**
 * What can be said of a URL before anything is sent to it. Plain http is for places that the operator named: there it is his network.
 * @throws GuardError
 */
export function checkWebhookUrl(text: string, rules: GuardRules): void {
  const url = parseTarget(text);
  const isNamed = rules.allow?.some((place) => place.toLowerCase() === `${url.hostname}:${url.port || '80'}`);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isNamed)) {
    throw new GuardError('invalid_url', 'Events are sent over https only: write the URL as https://host/path.');
  }
  checkTarget(text, rules);
}

/** The key is what the base64 behind the prefix says, not the text. */
function keyOf(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
}

/** A receiver that answers with what it was configured with must not have it kept in the log. */
function readable(body: Buffer, secrets: readonly string[]): string {
  const text = secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), body.toString('utf8'));
  return toStorableText(text);
}
