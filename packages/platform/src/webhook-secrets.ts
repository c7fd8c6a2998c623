/** The signing secrets of webhook endpoints: shown to their owner once, kept sealed under the web key. */
import { randomBytes } from 'node:crypto';
import { createKeyRing, type KeyRing, open, seal } from './seal.js';

export type WebhookSecretColumn = 'secret_sealed' | 'old_secret_sealed';

/** As Standard Webhooks writes it: 24 random bytes, whose base64 needs no padding. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`;
}

/** Enough to tell two secrets apart. */
export function webhookSecretHint(secret: string): string {
  return `whsec_…${secret.slice(-4)}`;
}

export class WebhookSecrets {
  readonly #ring: KeyRing;

  constructor(webKey: string) {
    this.#ring = createKeyRing(webKey, 'enc/webhook-secret');
  }

  seal(endpointId: string, column: WebhookSecretColumn, secret: string): string {
    return seal(this.#ring, secret, placeOf(endpointId, column));
  }

  /** @throws SealError, as after a change of the web key */
  open(endpointId: string, column: WebhookSecretColumn, sealed: string): string {
    return open(this.#ring, sealed, placeOf(endpointId, column));
  }
}

function placeOf(row: string, column: WebhookSecretColumn) {
  return { table: 'webhook_endpoint', row, column };
}
