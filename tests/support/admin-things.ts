/** What the operator of a stack knows: the ids of all there is, and values without which no request to the admin API would come far. */
import { FormFile, type KnownValues } from '../../apps/gateway/src/fuzz/known-values.js';
import type { Stack } from './stack.js';

interface Account {
  accessToken: string;
  sessionToken: string;
  refreshToken: string;
}

interface Page {
  data: { id: string }[];
}

const nowhere = 'http://127.0.0.1:9';
const nobody = '01J00000000000000000000000';
const proxies = [nowhere, 'socks5://me:secret@127.0.0.1:9', 'socks5h://127.0.0.1:9', 'ftp://127.0.0.1:9', null];

/** The things of a stack, made where there are too few: whoever is fuzzed may have taken away all there was. */
export class AdminThings {
  #foreignEndpoint: string | undefined;

  constructor(readonly stack: Stack) {}

  async known(): Promise<KnownValues> {
    await this.#call('PUT', 'proxies', { defaultProxyUrl: null, uploadProxyUrl: null });
    const account = await this.#newAccount();
    await this.#call('POST', 'tokens', { accessToken: account.accessToken, target: 'simulator' });
    const cancelled = await this.#call<{ id: string }>('POST', 'batches', { kind: 'test', filter: {} });
    // Unless it was quicker.
    await this.#call('POST', `batches/${cancelled.id}/cancel`).catch(() => undefined);
    const key = await this.#call<{ id: string; ownerId: string }>('POST', 'api-keys', { name: 'fuzz' });
    const eventTypes = (await this.#call<{ data: string[] }>('GET', 'webhook_event_types')).data;
    const hook = { name: 'fuzz', url: `${nowhere}/hook`, event_types: eventTypes };
    const endpoint = await this.#call<{ id: string }>('POST', 'webhook_endpoints', hook);
    const tokens = await this.#ids('tokens?limit=5');
    const [token = nobody] = tokens;
    const batch = await this.#call<{ id: string }>('POST', 'batches', { kind: 'test', filter: {} });
    // Is told to the endpoint.
    await this.#call('POST', `tokens/${token}/disable`, { reason: 'fuzz' });
    await this.#call('POST', `tokens/${token}/enable`);
    const deliveries = await this.#ids(`webhook_endpoints/${endpoint.id}/deliveries`);
    this.#foreignEndpoint ??= await this.#newForeignEndpoint();
    const unused = await this.#newAccount();
    const [batches, keys] = [
      [cancelled.id, cancelled.id, batch.id, nobody],
      [key.id, nobody],
    ];
    const endpoints = [endpoint.id, endpoint.id, this.#foreignEndpoint];
    return {
      byName: {
        accessToken: [account.accessToken, unused.accessToken, unused.accessToken, 'not-a-token-of-anybody'],
        sessionToken: [account.sessionToken, unused.sessionToken],
        refreshToken: [account.refreshToken, unused.refreshToken],
        target: ['simulator', 'simulator', 'simulator', 'sora'],
        proxyUrl: proxies,
        defaultProxyUrl: proxies,
        uploadProxyUrl: proxies,
        tokenIds: [tokens.slice(0, 2), [token, token, nobody]],
        filter: [{}, { q: 'simulator' }, { state: 'active', kind: 'video' }],
        after: [token, batch.id, key.id, endpoint.id, ...deliveries.slice(0, 1), '0', '1', '5'],
        limit: ['0', '1', '20', '200', '10000'],
        url: [`${nowhere}/hook`],
        event_types: [eventTypes.slice(0, 1), eventTypes],
        event_type: eventTypes,
        ownerId: [key.ownerId, 'somebody'],
        mode: ['auto', 'offline', 'access', 'at', 'st'],
        'x-admin-key-confirm': [this.stack.run.adminKey, 'another key'],
      },
      inPaths: Object.fromEntries([
        ...ofRoutes('/api/admin/tokens/:id', tokenEnds, [...tokens, nobody]),
        ...ofRoutes('/api/admin/batches/:id', ['', '/cancel'], batches),
        ...ofRoutes('/api/admin/api-keys/:id', ['', '/usage'], keys),
        ...ofRoutes('/api/admin/webhook_endpoints/:id', endpointEnds, endpoints),
        ['/api/admin/webhook_endpoints/:id/deliveries/:delivery/replay :delivery', [...deliveries, `whd_${nobody}`]],
      ]),
      files: filesOf(account, unused),
    };
  }

  /** @throws Error where it is refused */
  async #call<Answer>(method: string, path: string, json?: object): Promise<Answer> {
    const { gatewayUrl, adminKey } = this.stack.run;
    return answered(await send(`${gatewayUrl}/api/admin/${path}`, { method, key: adminKey, json }));
  }

  async #ids(path: string): Promise<string[]> {
    return (await this.#call<Page>('GET', path)).data.map(({ id }) => id);
  }

  #newAccount(): Promise<Account> {
    return this.stack.simulator<Account>('accounts', {});
  }

  /** A client's: the operator knows nothing of it. */
  async #newForeignEndpoint(): Promise<string> {
    const { gatewayUrl, apiKey } = this.stack.run;
    const hook = { name: 'foreign', url: `${nowhere}/hook`, event_types: ['video.completed'] };
    const answer = await send(`${gatewayUrl}/v1/webhook_endpoints`, { method: 'POST', key: apiKey, json: hook });
    return (await answered<{ id: string }>(answer)).id;
  }
}

const tokenEnds = ['', '/test', '/refresh', '/events', '/disable', '/enable', '/statistics'];
const endpointEnds = ['', '/rotate_secret', '/test', '/deliveries', '/deliveries/:delivery/replay'];

function ofRoutes(path: string, ends: readonly string[], ids: readonly string[]): [string, readonly string[]][] {
  return ends.map((end) => [`${path}${end} :id`, ids]);
}

/** Of accounts, in every way that is understood, and in none. */
function filesOf(known: Account, unused: Account): FormFile[] {
  const rows = [known, unused].map(({ accessToken, refreshToken }) => ({
    access_token: accessToken,
    refresh_token: refreshToken,
  }));
  const lines = rows.map((row) => JSON.stringify(row)).join('\n');
  const csv = `access_token,refresh_token\n${rows.map((row) => `${row.access_token},${row.refresh_token}`).join('\n')}`;
  const texts = [
    ...[lines, csv, JSON.stringify(rows), `${unused.accessToken}\r\n${known.accessToken}\r\n`, `\ufeff${csv}`],
    ...['', '[]', '{}', 'null', '\0', '[{"access_token":{}}]', '{"access_token":"x","proxy_url":"x"}\n'.repeat(30)],
    ...['a,b\n"', `${lines}\n{`, '['.repeat(10_000), '{"__proto__":{"access_token":"x"}}', 'access_token\n"\ud800"'],
  ];
  const utf16 = Buffer.from(`\ufeff${csv}`, 'utf16le');
  return [...texts.map((text) => Buffer.from(text)), utf16].map((bytes) => new FormFile('a', 'text/plain', bytes));
}

function send(url: string, { method, key, json }: { method: string; key: string; json?: object | undefined }) {
  const headers = new Headers({ authorization: `Bearer ${key}` });
  if (json !== undefined) headers.set('content-type', 'application/json');
  return fetch(url, { method, headers, body: json === undefined ? null : JSON.stringify(json) });
}

async function answered<Answer>(response: Response): Promise<Answer> {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}
