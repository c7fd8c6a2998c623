/** What can be done with the endpoints of one owner, as the routes for clients and for the operator both answer it. */
import { type PageQuery, pageOf } from '@reelay/contracts/openai/page';
import type {
  CreateWebhookEndpoint,
  RotateWebhookSecret,
  TestWebhookEndpoint,
  UpdateWebhookEndpoint,
  WebhookDeliveryQuery,
} from '@reelay/contracts/webhooks';
import { deleteEndpoint, type EndpointOwner, listEndpoints } from '@reelay/db/webhooks/webhook-endpoints';
import type { GatewayParts } from '../gateway-parts.js';
import { changeEndpoint } from './change-endpoint.js';
import { createEndpoint, type EndpointWithSecret } from './create-endpoint.js';
import { replay, showDeliveries } from './endpoint-deliveries.js';
import { getEndpoint, isEndpointId, nothingOf, unknownAfter } from './get-endpoint.js';
import { rotateEndpointSecret } from './rotate-endpoint-secret.js';
import { endpointViewOf } from './show-endpoint.js';
import { testEndpoint } from './test-endpoint.js';

export class EndpointActions {
  readonly #parts: GatewayParts;
  readonly #ownerId: EndpointOwner;

  constructor(parts: GatewayParts, ownerId: EndpointOwner) {
    this.#parts = parts;
    this.#ownerId = ownerId;
  }

  async create(body: CreateWebhookEndpoint) {
    return withSecret(await createEndpoint(this.#parts, this.#ownerId, body));
  }

  async list(query: PageQuery) {
    if (query.after !== undefined && !isEndpointId(query.after)) throw unknownAfter();
    const rows = await listEndpoints(this.#parts.database, this.#ownerId, query);
    return pageOf(rows.slice(0, query.limit).map(endpointViewOf), rows.length > query.limit);
  }

  async retrieve(id: string) {
    return endpointViewOf(await getEndpoint(this.#parts, this.#ownerId, id));
  }

  async update(id: string, body: UpdateWebhookEndpoint) {
    return endpointViewOf(await changeEndpoint(this.#parts, this.#ownerId, id, body));
  }

  async remove(id: string) {
    const own = { id, ownerId: this.#ownerId };
    if (!isEndpointId(id) || !(await deleteEndpoint(this.#parts.database, own))) throw nothingOf(id);
    return { id, object: 'webhook_endpoint.deleted', deleted: true } as const;
  }

  async rotateSecret(id: string, body: RotateWebhookSecret) {
    return withSecret(await rotateEndpointSecret(this.#parts, this.#ownerId, id, body));
  }

  test(id: string, body: TestWebhookEndpoint) {
    return testEndpoint(this.#parts, this.#ownerId, id, body);
  }

  listDeliveries(id: string, query: WebhookDeliveryQuery) {
    return showDeliveries(this.#parts, this.#ownerId, id, query);
  }

  replay(id: string, deliveryId: string) {
    return replay(this.#parts, this.#ownerId, id, deliveryId);
  }
}

function withSecret({ endpoint, secret }: EndpointWithSecret) {
  return { ...endpointViewOf(endpoint), signing_secret: secret };
}
