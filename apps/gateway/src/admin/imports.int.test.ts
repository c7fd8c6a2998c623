import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';
import { largestUploadBytes } from './read-upload.js';

let gateway: TestGateway;
let tokenManager: http.Server;
let asked: { method: string | undefined; path: string | undefined; type: string | undefined; sizeBytes: number }[] = [];

/** Counts what it is sent and answers with a batch. */
beforeAll(async () => {
  tokenManager = http.createServer((request, response) => {
    let sizeBytes = 0;
    request.on('data', (data: Buffer) => {
      sizeBytes += data.length;
    });
    request.on('end', () => {
      const { method, url: path, headers } = request;
      asked.push({ method, path, type: headers['content-type'], sizeBytes });
      response.writeHead(202, { 'content-type': 'application/json' }).end('{"id":"b1"}');
    });
  });
  await new Promise<void>((resolve) => tokenManager.listen(0, '127.0.0.1', resolve));
  const { port } = tokenManager.address() as AddressInfo;
  gateway = await openTestGateway({
    configuration: { TOKEN_MANAGER_URL: `http://127.0.0.1:${port}` },
  });
});

afterAll(async () => {
  await gateway.close();
  await new Promise((resolve) => tokenManager.close(resolve));
});

beforeEach(() => {
  asked = [];
});

const send = (path: string, request = {}) => gateway.send(gateway.adminKey, `/api/admin${path}`, request);

test('a file of accounts is passed on as it is, with its query', async () => {
  const body = 'x'.repeat(3 * 1024 * 1024);
  const response = await send('/tokens/import?mode=offline&dryRun=1', {
    body,
    headers: { 'content-type': 'text/csv' },
  });
  expect([response.status, await response.json()]).toEqual([202, { id: 'b1' }]);
  expect(asked).toEqual([
    {
      ...{ method: 'POST', path: '/internal/imports?mode=offline&dryRun=1' },
      ...{ type: 'application/octet-stream', sizeBytes: body.length },
    },
  ]);
});

test('a file that is too large, a form and nothing at all are refused', async () => {
  const large = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${gateway.adminKey}`, 'content-length': largestUploadBytes + 1 };
    const request = http.request(`${gateway.url}/api/admin/tokens/import`, { method: 'POST', headers }, resolve);
    request.on('error', reject);
    request.flushHeaders();
    request.write('x');
  });
  expect(large.statusCode).toBe(413);
  large.destroy();
  const form = new FormData();
  form.append('file', new Blob(['x']), 'accounts.json');
  expect((await send('/tokens/import', { body: form })).status).toBe(415);
  expect((await send('/tokens/import', { method: 'POST' })).status).toBe(400);
  expect(asked).toEqual([]);
});

test('an export has secrets only where the admin key is sent a second time, and both are written down', async () => {
  const plain = await send('/tokens/export');
  expect([plain.status, plain.headers.get('content-disposition')]).toEqual([
    ...[200, expect.stringMatching(/^attachment; filename="tokens_[\d-]+\.json"$/)],
  ]);
  await plain.text();
  const confirmed = await send('/tokens/export', { headers: { 'x-admin-key-confirm': gateway.adminKey } });
  await confirmed.text();
  expect(asked.map(({ path }) => path)).toEqual(['/internal/exports', '/internal/exports?secrets=1']);
  const refused = await send('/tokens/export', { headers: { 'x-admin-key-confirm': 'admin-key-of-the-tests-2' } });
  expect(refused.status).toBe(401);
  expect(asked).toHaveLength(2);
  const lines = gateway.logLines.filter((line) => line.includes('accounts are exported'));
  expect(lines.map((line) => (JSON.parse(line) as { withSecrets: boolean }).withSecrets)).toEqual([false, true]);
  expect(gateway.logLines.join('\n')).not.toContain(gateway.adminKey);
});

test('batches are made, listed, shown and cancelled by the token-manager', async () => {
  expect((await send('/batches', { json: { kind: 'enable', filter: {} } })).status).toBe(202);
  expect((await send('/batches', { json: { kind: 'enable' } })).status).toBe(400);
  await send('/batches?limit=5');
  await send('/batches/b1?after=7&verdict=failed');
  await send('/batches/b1/cancel', { method: 'POST' });
  expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /internal/batches',
    'GET /internal/batches?limit=5',
    'GET /internal/batches/b1?after=7&verdict=failed',
    'POST /internal/batches/b1/cancel',
  ]);
  const client = await gateway.newClient();
  expect((await gateway.send(client, '/api/admin/tokens/export')).status).toBe(401);
});
