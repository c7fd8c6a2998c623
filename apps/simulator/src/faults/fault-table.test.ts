import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type RunningSimulator, startSimulator } from '../testing/start-simulator.js';
import { upstreamRoutes } from '../testing/upstream-routes.js';
import { type Endpoint, endpoints } from './endpoints.js';
import { faultKinds, faultRow, placesOf } from './fault-table.js';

const README = readFileSync(path.join(__dirname, '../../README.md'), 'utf8');

let simulator: RunningSimulator;

beforeEach(async () => {
  simulator = await startSimulator();
});

afterEach(() => simulator.close());

const earlyKinds = faultKinds.filter((kind) => ['delay', 'answer'].includes(faultRow(kind).stage));

test.each(earlyKinds)('%s strikes wherever it can be put', async (kind) => {
  for (const endpoint of placesOf(kind)) {
    const added = await simulator.send('/_sim/faults', { kind, endpoint, count: 1, delayMs: 0 });
    expect(added.status).toBe(201);
    const [method, url] = upstreamRoutes[endpoint];
    await simulator.call(url, { method }).catch(() => {}); // a reset is one of them
    expect([endpoint, (await simulator.call('/_sim/faults')).json]).toMatchObject([endpoint, [{ left: 0 }]]);
    await simulator.call('/_sim/faults', { method: 'DELETE' });
  }
});

test('a fault is refused, with a sentence, where it can never strike', async () => {
  const refusals: [string, Endpoint][] = faultKinds.flatMap((kind) => {
    const elsewhere = endpoints.find((endpoint) => !placesOf(kind).includes(endpoint));
    return elsewhere === undefined ? [] : [[kind, elsewhere] as [string, Endpoint]];
  });
  expect(refusals.length).toBeGreaterThan(15);
  for (const [kind, endpoint] of refusals) {
    expect(await simulator.send('/_sim/faults', { kind, endpoint })).toMatchObject({
      status: 400,
      json: {
        error: {
          message: expect.stringContaining(`a fault "${kind}" never strikes at "${endpoint}"; it can be put at`),
        },
      },
    });
  }
  expect(await simulator.send('/_sim/faults', { kind: 'overload', account: 'nobody@simulator.test' })).toMatchObject({
    status: 400,
    json: { error: { code: 'no_such_account', message: expect.stringContaining('make it first') } },
  });
});

test('of several rules sent at once none is switched on where one is wrong, and the wrong one is named', async () => {
  const rules = [{ kind: 'overload' }, { kind: 'violation', endpoint: 'me' }];
  const answer = await simulator.send('/_sim/faults', rules);
  expect(answer).toMatchObject({ status: 400, json: { error: { param: '1.endpoint' } } });
  expect((await simulator.call('/_sim/faults')).json).toEqual([]);
});

test('the README has the table of faults as it is', () => {
  const place = (names: readonly Endpoint[]) => {
    if (names.length === endpoints.length) return 'everywhere';
    return names.map((name) => `\`${name}\``).join(', ') || '–';
  };
  const rows = faultKinds.map((kind) => {
    const { where, does } = faultRow(kind);
    const also = placesOf(kind).filter((endpoint) => !where.includes(endpoint));
    const besides = where.length + also.length === endpoints.length && also.length > 0 ? 'everywhere' : place(also);
    return `| \`${kind}\` | ${place(where)} | ${besides} | ${does} |`;
  });
  expect(README.match(/^\| `\w+` \| .* \| .* \| .* \|$/gm)).toEqual(rows);
});

test('the README names every endpoint where faults can be put', () => {
  for (const endpoint of endpoints) expect(README).toContain(`\`${endpoint}\``);
});
