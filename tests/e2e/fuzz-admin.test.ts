/**
 * The fuzz of the admin API with all that stands behind it: a token-manager, a worker and upstream accounts, so that nothing is away and no
 * 5xx is expected. Requests are those of `apps/gateway/src/fuzz`, `FUZZ_RUNS` to each operation, drawn from `FUZZ_SEED`.
 */
import { pathToFileURL } from 'node:url';
import { adminRoutes } from '@reelay/contracts/admin-api/admin-routes';
import type { OpenApiDocument } from '@reelay/contracts/openapi/document';
import fc from 'fast-check';
import type { FuzzRequest } from '../../apps/gateway/src/fuzz/fuzz-request.js';
import type { KnownValues } from '../../apps/gateway/src/fuzz/known-values.js';
import { requestsWithTooMuch } from '../../apps/gateway/src/fuzz/large-bodies.js';
import { type FuzzOperation, operationsOf } from '../../apps/gateway/src/fuzz/operations.js';
import { requestsTo } from '../../apps/gateway/src/fuzz/requests.js';
import { ServedSchemas } from '../../apps/gateway/src/fuzz/served-schemas.js';
import { talk } from '../../apps/gateway/src/fuzz/talk.js';
import { type FuzzedGateway, judgeFuzzed } from '../../apps/gateway/src/testing/judge-fuzzed.js';
import { AdminThings } from '../support/admin-things.js';
import { Stack } from '../support/stack.js';

const runs = Number(process.env.FUZZ_RUNS ?? 15);
const seed = Number(process.env.FUZZ_SEED ?? 20_261_122);
const patienceMs = 60_000 + runs * 2_000;

let stack: Stack;
let things: AdminThings;
let operations: FuzzOperation[];
let judged: FuzzedGateway;
let pids: Record<string, number>;
let known: KnownValues | undefined;
/** By the id that the log has of a request. */
const asked = new Map<string, string>();

beforeAll(async () => {
  const onlyLocalNames = pathToFileURL(require.resolve('../support/only-local-names.mts')).href;
  stack = await Stack.start({
    renderMs: 500,
    env: {
      ...{ LOG_FORMAT: 'json', LOG_LEVEL: 'warn', FETCH_ALLOW: '127.0.0.1:9' },
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${onlyLocalNames}`,
    },
  });
  things = new AdminThings(stack);
  const { gatewayUrl, adminKey } = stack.run;
  const headers = { authorization: `Bearer ${adminKey}` };
  const answer = await fetch(`${gatewayUrl}/api/admin/openapi.json`, { headers });
  const document = (await answer.json()) as OpenApiDocument;
  operations = operationsOf(adminRoutes, [document]);
  judged = { schemas: new ServedSchemas([document]), hasTokenManager: true };
  pids = stack.run.pids;
  // What was said while it started: a port that is taken, for example.
  stack.output = '';
}, 180_000);
afterAll(() => stack?.stop());

async function verdictOn(operation: FuzzOperation, request: FuzzRequest): Promise<string[]> {
  const answer = await talk(stack.run.gatewayUrl, request).catch((error: unknown) => {
    if (!request.mayBeCutOff) throw error;
    return undefined;
  });
  if (!answer) return [];
  asked.set(answer.headers['x-request-id'] ?? '', shown(request));
  return judgeFuzzed(operation, request, answer, judged);
}

interface LogLine {
  level: string;
  app: string;
  requestId?: string;
}

/** What was logged as a failure since the last look, with the request where it is known. */
function failures(): string[] {
  const end = stack.output.lastIndexOf('\n') + 1;
  const lines = stack.output.slice(0, end).split('\n');
  stack.output = stack.output.slice(end);
  return lines
    .filter((line) => /"level":"(error|fatal)"/.test(line))
    .map((line) => {
      const { requestId } = JSON.parse(line) as LogLine;
      return `${line.slice(0, 2_000)} after ${asked.get(requestId ?? '') ?? 'some request'}`;
    });
}

/** Whose length alone is too much is refused before the rest is sent, which may then meet a closed connection. */
const isRead = ({ parts }: FuzzRequest) => (parts.body?.length ?? 0) <= 1024 * 1024;
const shown = (request: FuzzRequest) => request[fc.toStringMethod]();
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;

test.each(adminRoutes.map(nameOf))(
  '%s answers whatever it is asked, with all that stands behind it',
  async (name) => {
    const operation = operations.find((each) => nameOf(each) === name);
    if (!operation?.described) throw new Error(`${name} is not in the served document`);
    known ??= await things.known();
    const requests = requestsTo(operation, { known, key: stack.run.adminKey });
    // It may take away whatever was there.
    if (operation.method !== 'GET') known = undefined;
    asked.clear();
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const problems = await verdictOn(operation, request);
        if (problems.length > 0) throw new Error(problems.join('; '));
      }),
      { numRuns: runs, seed, interruptAfterTimeLimit: patienceMs, markInterruptAsFailure: true },
    );
    expect(failures()).toEqual([]);
  },
  patienceMs + 30_000,
);

test('no field of a body takes too much, and says so', async () => {
  for (const operation of operations)
    for (const request of [...requestsWithTooMuch(operation, stack.run.adminKey)].filter(isRead))
      expect([shown(request), await verdictOn(operation, request)]).toEqual([shown(request), []]);
  expect(failures()).toEqual([]);
}, 180_000);

test('no process has ended, nothing was logged as a failure, and the stack is well', async () => {
  // Batches go on after their request was answered.
  await things.known();
  expect(failures()).toEqual([]);
  expect(stack.run.pids).toEqual(pids);
  const { gatewayUrl, tokenManagerUrl } = stack.run;
  for (const url of [gatewayUrl, tokenManagerUrl]) expect((await fetch(`${url}/readyz`)).status).toBe(200);
});
