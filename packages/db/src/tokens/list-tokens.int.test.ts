/** What a filter chooses, by the list and by a batch alike, and how a page is found among ten thousand accounts. */
import type { TokenFilter } from '@reelay/contracts/token-list';
import type { TokenView } from '@reelay/contracts/tokens';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { addFiltered } from '../batches/choose-tokens.js';
import { createBatch } from '../batches/create-batch.js';
import { createDatabase, type Database } from '../client.js';
import { insertToken } from '../factories/insert-token.js';
import { Prisma } from '../generated/prisma/client.js';
import { countMatching, countTokens, listTokens } from './list-tokens.js';

let file: TestDatabase;
let database: Database;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});

const [past, soon, later] = [-3_600_000, 3_600_000, 7_200_000].map((ms) => new Date(Date.now() + ms));

/** By name. */
const accounts = {
  plain: {},
  pro: { plan: 'pro', sora2: true, expiresAt: new Date('2090-05-05T12:00:00Z') },
  other: { provider: 'other', target: 'sora', sora2: false },
  noImages: { imageEnabled: false },
  videoCooling: { videoCoolingUntil: soon, videoCoolingReason: 'a limit' },
  imageCooling: { imageCoolingUntil: soon },
  cooledOnce: { videoCoolingUntil: past, imageCoolingUntil: past },
  exhausted: { remaining: 1, resetsAt: soon },
  longExhausted: { remaining: 0, resetsAt: later, videoCoolingUntil: soon },
  longCooling: { remaining: 0, resetsAt: soon, videoCoolingUntil: later },
  renewed: { remaining: 0, resetsAt: past },
  enough: { remaining: 2, resetsAt: soon },
  needy: { state: 'needs_attention', stateReason: 'because', videoCoolingUntil: soon },
  disabled: { state: 'disabled', disabledBy: 'operator', remaining: 0 },
  named: { label: 'Ada_100% "quoted"', identity: 'Ada@Example.org' },
  hidden: { hiddenAt: past },
} satisfies Record<string, object>;
type Name = keyof typeof accounts;

const nameOf = new Map<string, Name>();
const quotaMargin = 1;

async function insertAll(): Promise<void> {
  await database.setting.create({ data: { key: 'token.quotaMargin', value: quotaMargin } });
  for (const [name, data] of Object.entries(accounts)) {
    const id = await insertToken(database);
    await database.token.update({ where: { id }, data });
    nameOf.set(id, name as Name);
  }
}

async function listed(filter: TokenFilter): Promise<TokenView[]> {
  return (await listTokens(database, { filter, quotaMargin, after: undefined, limit: 200 })).data;
}

async function chosenByBatch(filter: TokenFilter): Promise<(Name | undefined)[]> {
  const id = `batch-${JSON.stringify(filter)}`;
  await createBatch(database, { id, kind: 'test', options: {}, secretSealed: null });
  await addFiltered(database, id, filter, { quotaMargin });
  const rows = await database.batchRow.findMany({ where: { batchId: id } });
  return rows.map(({ tokenId }) => nameOf.get(tokenId ?? '')).sort();
}

const all = Object.keys(accounts).filter((name) => name !== 'hidden') as Name[];
const active = all.filter((name) => !['needy', 'disabled'].includes(name));
const videoCooling: Name[] = ['videoCooling', 'longCooling'];
const exhausted: Name[] = ['exhausted', 'longExhausted'];

describe('a filter', () => {
  beforeAll(insertAll);

  const cases: [TokenFilter, Name[]][] = [
    [{}, all],
    [{ state: 'active' }, active],
    [{ state: 'needs_attention' }, ['needy']],
    [{ state: 'disabled' }, ['disabled']],
    [{ state: 'cooling' }, [...videoCooling, 'imageCooling']],
    [{ state: 'cooling', kind: 'video' }, videoCooling],
    [{ state: 'cooling', kind: 'image' }, ['imageCooling']],
    [{ state: 'exhausted' }, exhausted],
    [{ state: 'exhausted', kind: 'image' }, []],
    [{ kind: 'image' }, all.filter((name) => name !== 'noImages')],
    [{ kind: 'video', plan: 'pro' }, ['pro']],
    [{ plan: 'free' }, []],
    [{ provider: 'other' }, ['other']],
    [{ target: 'sora' }, ['other']],
    [{ sora2: true }, ['pro']],
    [{ sora2: false }, ['other']],
    [{ expiresBefore: '2090-05-05T15:00:00+02:00' }, ['pro']],
    [{ expiresBefore: '2090-05-05T12:00:00Z' }, []],
    [{ q: 'aDA_100% "' }, ['named']],
    [{ q: 'ada@example' }, ['named']],
    [{ q: 'ada%' }, []],
    [{ q: 'ada?100' }, []],
    [{ q: "'; DROP TABLE token; --" }, []],
  ];

  it.each(cases)('%j means the same accounts to the list, to its count and to a batch', async (filter, names) => {
    const views = await listed(filter);
    expect(views.map(({ id }) => nameOf.get(id)).sort()).toEqual([...names].sort());
    expect(await countMatching(database, { filter, quotaMargin })).toBe(names.length);
    expect(await chosenByBatch(filter)).toEqual([...names].sort());
  });

  it('agrees with what is shown of every account', async () => {
    const views = await listed({});
    for (const state of ['cooling', 'exhausted'] as const) {
      for (const kind of ['image', 'video'] as const) {
        const shown = views.filter(
          (view) => view.state === 'active' && view[kind].state === state && view[`${kind}Enabled`],
        );
        const ids = (await listed({ state, kind })).map(({ id }) => id);
        expect(ids).toEqual(shown.map(({ id }) => id));
      }
    }
  });

  it('and the counts of all accounts agree with it', async () => {
    expect(await countTokens(database, { quotaMargin })).toEqual({
      ...{ total: all.length, active: active.length, needsAttention: 1, disabled: 1 },
      image: { cooling: 1, exhausted: 0 },
      video: { cooling: videoCooling.length, exhausted: exhausted.length },
    });
  });
});

describe('pages among ten thousand accounts', () => {
  beforeAll(async () => {
    await database.$executeRaw`
      INSERT INTO token (id, provider, target, identity, label, plan, sora2, access_token_sealed, access_token_hint, state, expires_at)
      SELECT 'many-' || lpad(no::text, 6, '0'), 'sora', 'simulator', no, 'account ' || no,
        CASE WHEN no % 3 = 0 THEN 'pro' ELSE 'plus' END, true, 'sealed', 'hint',
        CASE WHEN no % 1000 = 0 THEN 'needs_attention' ELSE 'active' END, now() + no * interval '1 minute'
      FROM generate_series(1, 10000) AS no`;
    await database.$executeRawUnsafe('ANALYZE token');
  }, 60_000);

  it('hold every account once, the newest first, also when some are added meanwhile', async () => {
    const seen: string[] = [];
    let after: string | undefined;
    const filter = { q: 'account 9' };
    do {
      const page = await listTokens(database, { filter, quotaMargin, after, limit: 200 });
      seen.push(...page.data.map(({ id }) => id));
      after = page.next ?? undefined;
      if (seen.length === 200) await insertNewest();
    } while (after !== undefined);
    const there = await database.token.findMany({
      where: { label: { startsWith: 'account 9' }, NOT: { id: 'many-999999' } },
      orderBy: { id: 'desc' },
    });
    expect(seen).toEqual(there.map(({ id }) => id));
    const last = await listTokens(database, { filter: { q: 'account 999' }, quotaMargin, after: undefined, limit: 11 });
    expect([last.data.length, last.next]).toEqual([11, null]);
  });

  it.each<[string, TokenFilter]>([
    ['all', {}],
    ['by state', { state: 'active' }],
    ['by plan', { plan: 'pro', sora2: true }],
    ['by part of a name', { q: 'account 12' }],
    ['the few that need attention', { state: 'needs_attention' }],
  ])('are read in the order of an index without sorting the others: %s', async (_name, filter) => {
    for (const after of [undefined, 'many-005000']) {
      const nodes = await planOf({ filter, quotaMargin, after, limit: 50 });
      const scans = nodes.filter((node) => node['Relation Name'] === 'token');
      expect(scans.map((node) => node['Node Type'])).toEqual([expect.stringMatching(/^Index (Only )?Scan$/)]);
      expect(nodes.map((node) => node['Node Type'])).not.toContain('Sort');
      const index = filter.state === 'needs_attention' ? 'token_out_of_service' : 'token_pkey';
      expect(scans[0]?.['Index Name']).toBe(index);
    }
  });
});

async function insertNewest(): Promise<void> {
  const id = await insertToken(database);
  await database.token.update({ where: { id }, data: { id: 'many-999999', label: 'account 9 of just now' } });
}

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  Plans?: PlanNode[];
}

async function planOf(asked: Parameters<typeof listTokens>[1]): Promise<PlanNode[]> {
  let plan: PlanNode | undefined;
  const explaining = {
    async $queryRaw(query: TemplateStringsArray, ...values: unknown[]) {
      const sql = Prisma.sql`EXPLAIN (FORMAT JSON) ${Prisma.sql(query, ...values)}`;
      const [row] = await database.$queryRaw<{ 'QUERY PLAN': { Plan: PlanNode }[] }[]>(sql);
      plan = row?.['QUERY PLAN'][0]?.Plan;
      return [];
    },
  };
  await listTokens(explaining as unknown as Database, asked);
  const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
  return plan ? nodesOf(plan) : [];
}
