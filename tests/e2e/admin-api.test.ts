/** What the admin API answers for real, held against its description: nothing missing, nothing of another type, nothing left over. */
import { adminRoutes } from '@reelay/contracts/admin-api/admin-routes';
import { waitFor } from '@reelay/testing/wait-for';
import { Stack } from '../support/stack.js';

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ renderMs: 500 });
});
afterAll(() => stack?.stop());

interface Call {
  id?: string;
  query?: string;
  json?: unknown;
  file?: string;
}

/** Calls a route by the name it has in the description, and checks that its answer is the one described. */
async function call<Answer>(operation: string, { id = '', query = '', json, file }: Call = {}): Promise<Answer> {
  const route = adminRoutes.find((candidate) => candidate.operation === operation);
  if (!route) throw new Error(`no route is described as "${operation}"`);
  const { gatewayUrl, adminKey } = stack.run;
  const body = file ?? (json === undefined ? undefined : JSON.stringify(json));
  const response = await fetch(`${gatewayUrl}${route.path.replace(':id', id)}${query}`, {
    method: route.method,
    headers: {
      authorization: `Bearer ${adminKey}`,
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body }),
  });
  const answer = (await response.json()) as unknown;
  expect({ operation, status: response.status, answer }).toMatchObject({ operation, status: route.status ?? 200 });
  // Schemas drop what they do not know: what comes out again must be all there was.
  expect({ operation, answer: route.response.parse(answer) }).toEqual({ operation, answer });
  return answer as Answer;
}

interface Page {
  data: { id: string }[];
}

test('accounts are listed, shown, changed, tested and refreshed as described', async () => {
  const { data } = await call<Page>('listTokens', { query: '?limit=2&total=true' });
  expect(data).toHaveLength(2);
  const { id = '' } = data[0] ?? {};
  await call('showToken', { id });
  await call('changeToken', { id, json: { label: 'held against its description' } });
  await call('disableToken', { id, json: { reason: 'to be looked at' } });
  await call('enableToken', { id });
  await call('testToken', { id });
  await call('refreshToken', { id });
  const history = await call<{ data: unknown[] }>('listTokenEvents', { id });
  expect(history.data.length).toBeGreaterThan(1);
});

test('an account is added, and removed again, as described', async () => {
  const { accessToken } = await stack.simulator<{ accessToken: string }>('accounts', {});
  const added = await call<{ id: string }>('addToken', { json: { accessToken, target: 'simulator' } });
  await call('deleteToken', { id: added.id });
});

test('batches, imports and exports answer as described', async () => {
  const { id } = await call<{ id: string }>('createBatch', { json: { kind: 'test', filter: {} } });
  await waitFor(async () => (await call<{ state: string }>('showBatch', { id })).state === 'done', {
    timeoutMs: 60_000,
  });
  const line = JSON.stringify({ access_token: 'not-a-token-that-anybody-issued' });
  const imported = await call<{ id: string }>('importTokens', { query: '?mode=offline&dryRun=1', file: `${line}\n` });
  await waitFor(async () => (await call<{ state: string }>('showBatch', { id: imported.id })).state === 'done', {
    timeoutMs: 60_000,
  });
  await call('listBatches', { query: '?limit=1' });
  expect(await call<unknown[]>('exportTokens')).not.toHaveLength(0);
});

test('proxies, statistics, events and the state of the whole answer as described', async () => {
  const { id } = await stack.client().videos.create({ model: 'sora2-landscape-10s', prompt: 'to be counted' });
  await waitFor(async () => (await stack.client().videos.retrieve(id)).status === 'completed', { timeoutMs: 60_000 });
  await call('setProxies', { json: { uploadProxyUrl: 'socks5://me:secret@proxy.example:1080' } });
  await call('showProxies');
  await call('setProxies', { json: { uploadProxyUrl: null } });
  await call('showStatus');
  await call('showStatistics');
  await call('showUtilisation');
  await call('listOperatorEvents');
  const [token] = (await call<Page>('listTokens')).data;
  await call('showTokenStatistics', { id: token?.id ?? '' });
  await call('describeAdminApi');
});
