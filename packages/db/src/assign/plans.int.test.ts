/** Guards the plans of assignment at size: a sequential scan there costs little in a test and everything in a large pool. */
import { randomUUID } from 'node:crypto';
import type { Lane } from '@reelay/contracts/lane';
import { assignStrategies } from '@reelay/contracts/settings';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { insertWaiting, videoLane } from '../factories/insert-waiting.js';
import { Prisma } from '../generated/prisma/client.js';
import { type AssignLane, assignLane } from './assign-lane.js';
import { findWaitingLanes } from './find-waiting-lanes.js';

let file: TestDatabase;
let database: Database;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
  await database.$executeRaw`
    INSERT INTO token (id, provider, target, identity, label, plan, sora2, access_token_sealed, access_token_hint, remaining, last_assigned_at,
      video_limit, image_limit, weight)
    SELECT 'token-' || lpad(no::text, 6, '0'), 'sora', 'simulator', no, no, CASE WHEN no % 3 = 0 THEN 'pro' ELSE 'plus' END, true,
      'sealed', 'hint', CASE WHEN no % 2 = 0 THEN no END, now() - no * interval '1 second', 1 + no % 3, 1 + no % 3, 1 + no % 2
    FROM generate_series(1, 5000) AS no`;
  for (const plan of ['any', 'pro'] as const) {
    await insertWaiting(database, { count: 10_000, lane: { plan }, apiKeyId: 'key-a' });
    await insertWaiting(database, { count: 10_000, lane: { plan, kind: 'image' }, apiKeyId: 'key-b' });
  }
  await database.$executeRaw`
    INSERT INTO generation_exclusion (generation_id, token_id, until)
    SELECT id, 'token-000001', now() + interval '1 hour' FROM generation ORDER BY random() LIMIT 500`;
  // Some of it is assigned, so that slots and attempts are there as well.
  await assignLane(database, { ...plain, lane: videoLane, slotKind: 'video', batchSize: 500, signal: onceOnly() });
  for (const table of ['token', 'generation', 'generation_exclusion', 'token_slot', 'submit_attempt']) {
    await database.$executeRawUnsafe(`ANALYZE ${table}`);
  }
}, 60_000);
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});

const plain = {
  ...{ targets: { names: ['sora', 'simulator'], simulated: ['simulator'] }, unlimitedSlots: 100, slotlessPerToken: 4 },
  ...{ newId: randomUUID, turns: () => [], onAssigned: () => {}, batchSize: 50 },
};

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  Plans?: PlanNode[];
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
const large = ['token', 'generation', 'submit_attempt'];
const scanned = (nodes: PlanNode[]) =>
  nodes.flatMap((node) =>
    node['Node Type'] === 'Seq Scan' && large.includes(node['Relation Name'] ?? '') ? [node['Relation Name']] : [],
  );

type Explained = { 'QUERY PLAN': { Plan: PlanNode }[] };

/** `once`: the plan that is kept for all values to come. `anew`: the one for the values at hand. */
type Planned = 'once' | 'anew';

/** A database whose every raw query is explained before it runs; the plans of one batch, in order. */
async function explain(work: (database: Database) => Promise<unknown>, planned: Planned): Promise<PlanNode[][]> {
  const plans: PlanNode[][] = [];
  const explaining = {
    async $queryRaw(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]) {
      const sql = 'sql' in query ? query : Prisma.sql(query, ...values);
      const [row] = await (planned === 'once'
        ? database.$queryRawUnsafe<Explained[]>(`EXPLAIN (FORMAT JSON, GENERIC_PLAN) ${sql.text}`)
        : database.$queryRaw<Explained[]>(Prisma.sql`EXPLAIN (FORMAT JSON) ${sql}`));
      plans.push(nodesOf(row!['QUERY PLAN'][0]!.Plan));
      return database.$queryRaw(sql);
    },
  };
  await work(explaining as unknown as Database);
  return plans;
}

/** Lets one batch begin. */
function onceOnly(): AbortSignal {
  let asked = 0;
  return {
    get aborted() {
      asked += 1;
      return asked > 1;
    },
  } as unknown as AbortSignal;
}

const batch = (lane: Lane, planned: Planned, of: Partial<AssignLane> = {}) =>
  explain(
    (explaining) =>
      assignLane(explaining, {
        ...plain,
        lane,
        slotKind: lane.kind === 'image' ? 'image' : 'video',
        signal: onceOnly(),
        ...of,
      }),
    planned,
  );

describe('a batch among 5 000 accounts and 40 000 rows', () => {
  it.each(assignStrategies)('reads accounts in the order of an index, %s', async (strategy) => {
    for (const lane of [videoLane, { ...videoLane, plan: 'pro' }, { ...videoLane, kind: 'image' }] as const) {
      for (const planned of ['once', 'anew'] as const) {
        const plans = await batch(lane, planned, { strategy });
        expect(plans).toHaveLength(3);
        expect(plans.flatMap(scanned)).toEqual([]);
        const [findsSlots = []] = plans;
        const kind = lane.kind === 'image' ? 'image' : 'video';
        expect(findsSlots.map((node) => node['Index Name'])).toContain(`token_free_${kind}`);
      }
    }
  });

  it('finds the lanes in which something waits without reading their rows', async () => {
    for (const planned of ['once', 'anew'] as const) {
      const [plan = []] = await explain((explaining) => findWaitingLanes(explaining), planned);
      expect(scanned(plan)).toEqual([]);
    }
  });
});

describe('a batch among few accounts and rows', () => {
  it('is planned so that its writing reads no table whole when they have become many', async () => {
    // In parts, each of which ends in time on a busy machine too.
    for (let deleted = 1; deleted > 0; ) {
      deleted = await database.$executeRaw`
        DELETE FROM generation WHERE id IN (SELECT id FROM generation WHERE token_id IS NULL ORDER BY id OFFSET 300 LIMIT 2000)`;
    }
    await database.$executeRawUnsafe('VACUUM FULL ANALYZE generation');
    for (const planned of ['once', 'anew'] as const) {
      const [, , writes = []] = await batch(videoLane, planned);
      expect(scanned(writes)).toEqual([]);
    }
  }, 120_000);
});
