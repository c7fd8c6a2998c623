/**
 * Whatever is sent to a gateway, it answers: as documented, in the shape of errors that SDKs read, and never as if something had failed
 * inside. Requests are derived from the documents that it serves. `FUZZ_RUNS` requests to each operation, `FUZZ_SEED` others than always.
 *
 * @slow
 */
import { adminRoutes } from '@reelay/contracts/admin-api/admin-routes';
import { clientRoutes } from '@reelay/contracts/openai-api/client-routes';
import type { OpenApiDocument } from '@reelay/contracts/openapi/document';
import fc from 'fast-check';
import { type FuzzedGateway, judgeFuzzed } from '../testing/judge-fuzzed.js';
import { makeThings, type Things } from '../testing/make-things.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';
import type { FuzzRequest } from './fuzz-request.js';
import { knownOf } from './known-of.js';
import { requestsBeyondLimits, requestsWithTooMuch } from './large-bodies.js';
import { Mill } from './mill.js';
import { type FuzzOperation, operationsOf } from './operations.js';
import type { RequestSource } from './requests.js';
import { requestsTo } from './requests.js';
import { ServedSchemas } from './served-schemas.js';
import { talk } from './talk.js';

const runs = Number(process.env.FUZZ_RUNS ?? 25);
const seed = Number(process.env.FUZZ_SEED ?? 20_261_122);
/** Generous: a request takes milliseconds, on a machine that is not busy. */
const patienceMs = 60_000 + runs * 2_000;

let gateway: TestGateway;
let operations: FuzzOperation[];
let judged: FuzzedGateway;
let source: RequestSource | undefined;
let foreign: Things | undefined;
const fuzzed = new Set<FuzzOperation>();

beforeAll(async () => {
  gateway = await openTestGateway({
    settings: {
      'generation.waitMs': 400,
      'stream.recheckMs': 20,
      'admission.openPerKey': 1_000_000,
      'admission.open': 1_000_000,
    },
    // Nothing listens there.
    configuration: { FETCH_ALLOW: ['127.0.0.1:9'] },
  });
  const documents = await Promise.all(
    ['/openapi.json', '/api/admin/openapi.json'].map(
      async (path) => (await (await gateway.send(gateway.adminKey, path)).json()) as OpenApiDocument,
    ),
  );
  operations = operationsOf(gateway.routes.entries, documents);
  judged = { schemas: new ServedSchemas(documents), hasTokenManager: false };
});

afterAll(() => gateway.close());

const failures = () => gateway.logLines.filter((line) => /"level":"(error|fatal)"/.test(line));

/** One request, and all that may be wrong with what came back. */
async function verdictOn(operation: FuzzOperation, request: FuzzRequest): Promise<string[]> {
  gateway.logLines.length = 0;
  const answer = await talk(gateway.url, request).catch((error: unknown) => {
    if (!request.mayBeCutOff) throw error;
    return undefined;
  });
  const problems = answer ? judgeFuzzed(operation, request, answer, judged) : [];
  return [...problems, ...failures().map((line) => `it was logged: ${line.slice(0, 2_000)}`)];
}

/** A new client once something may have been taken away from the one before, or limits of it reached. */
async function sourceFor({ audience }: FuzzOperation): Promise<RequestSource> {
  source ??= await newSource();
  return audience === 'admin' ? { ...source, key: gateway.adminKey } : source;
}

async function newSource(): Promise<RequestSource> {
  const key = await gateway.newClient();
  const own = await makeThings(gateway, key);
  foreign ??= await makeThings(gateway, await gateway.newClient());
  const listOf = async (path: string) => ((await (await gateway.send(key, path)).json()) as { data: unknown[] }).data;
  const models = (await listOf('/v1/models')) as { id: string }[];
  const eventTypes = (await listOf('/v1/webhook_event_types')) as string[];
  const made = await gateway.send(gateway.adminKey, '/api/admin/api-keys', { json: { name: 'fuzz' } });
  const { id: apiKeyId } = (await made.json()) as { id: string };
  return { known: knownOf({ own, foreign, models: models.map(({ id }) => id), eventTypes, apiKeyId }), key };
}

async function fuzz(operation: FuzzOperation): Promise<void> {
  fuzzed.add(operation);
  const requests = requestsTo(operation, await sourceFor(operation));
  const mill = new Mill(gateway);
  try {
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const problems = await verdictOn(operation, request);
        if (problems.length > 0) throw new Error(problems.join('; '));
      }),
      { numRuns: runs, seed, interruptAfterTimeLimit: patienceMs, markInterruptAsFailure: true },
    );
  } finally {
    await mill.stop();
    if (operation.method !== 'GET' && /^\/(v1|api\/admin\/api-keys)\b/.test(operation.path)) source = undefined;
  }
}

const shown = (request: FuzzRequest) => request[fc.toStringMethod]();
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
const describedNames = [...clientRoutes, ...adminRoutes].map(nameOf);

test.each(describedNames)(
  '%s answers whatever it is asked',
  async (name) => {
    const operation = operations.find((each) => nameOf(each) === name);
    expect(operation?.described).toBeDefined();
    if (operation) await fuzz(operation);
  },
  patienceMs + 30_000,
);

test(
  'pages, probes, links and the board answer whatever they are asked',
  async () => {
    const others = operations.filter((operation) => !operation.described);
    expect(others.length).toBeGreaterThan(5);
    for (const operation of others) await fuzz(operation);
  },
  patienceMs * 3,
);

test('no field of a body takes too much, and says so', async () => {
  const mill = new Mill(gateway);
  try {
    for (const operation of operations) {
      const { key } = await sourceFor(operation);
      for (const request of requestsWithTooMuch(operation, key))
        expect([nameOf(operation), shown(request), await verdictOn(operation, request)]).toEqual([
          ...[nameOf(operation), shown(request), []],
        ]);
    }
  } finally {
    await mill.stop();
  }
}, 180_000);

test('a body beyond all limits is refused on every route that reads one, also where its length was not said', async () => {
  for (const operation of operations) {
    const { key } = await sourceFor(operation);
    for (const request of requestsBeyondLimits(operation, key)) {
      const { status } = await talk(gateway.url, request);
      // What is only passed on is limited where it is read.
      const isRefused = status === 413 || (operation.audience === 'admin' && status === 503);
      expect([nameOf(operation), status, isRefused, failures()]).toEqual([nameOf(operation), status, true, []]);
    }
  }
}, 180_000);

test('no route was left out, and the gateway is well', async () => {
  if (fuzzed.size > 1) expect(operations.filter((operation) => !fuzzed.has(operation)).map(nameOf)).toEqual([]);
  for (const path of ['/healthz', '/readyz']) expect((await gateway.send(undefined, path)).status).toBe(200);
});
