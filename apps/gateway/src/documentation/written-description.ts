/**
 * The description of `/v1` as text. Anybody may ask for it, and making it takes long: it is made once, and an answer only puts its address
 * in.
 */
import { clientRoutes } from '@reelay/contracts/openai-api/client-routes';
import { describeClientApi } from '@reelay/contracts/openai-api/describe-client-api';

export class WrittenDescription {
  readonly #before: string;
  readonly #after: string;

  constructor(version: string) {
    const { openapi, info, servers: _, ...rest } = describeClientApi({ routes: clientRoutes, version, serverUrl: '' });
    this.#before = `${JSON.stringify({ openapi, info }).slice(0, -1)},"servers":`;
    this.#after = `,${JSON.stringify(rest).slice(1)}`;
  }

  at(serverUrl: string): string {
    return `${this.#before}${JSON.stringify([{ url: serverUrl }])}${this.#after}`;
  }
}
