import { createContext } from '../__fixtures__/contexts.js';
import { type RecordedRequest, type ScriptedAnswer, ScriptedUpstream } from '../__fixtures__/scripted-upstream.js';
import { SoraProvider } from '../sora-provider.js';

const provider = new SoraProvider();
const draftsPath = '/backend/project_y/profile/drafts';
const settings = { draftsPage: 15, draftsPages: 20 };
let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await new ScriptedUpstream().start();
  upstream.on('GET /backend/nf/pending/v2', { body: [] });
});
afterEach(() => upstream.close());

/** Two hundred of ours and eighty of people who use the account, all finished since the last poll, newest first. */
const ours = Array.from({ length: 200 }, (_, index) => `ours_${index}`);
const finished = ours.flatMap((id, index) => (index % 5 < 2 ? [`stranger_${index}`, id] : [id]));
const items = (ids: readonly string[]) =>
  ids.map((id) => ({ id: `gen_${id}`, task_id: id, kind: 'sora_draft', url: `https://videos.openai.com/${id}` }));

const byCursor = ({ query }: RecordedRequest): ScriptedAnswer => {
  const start = Number(query.get('cursor') ?? 0);
  const end = start + Number(query.get('limit'));
  return { body: { items: items(finished.slice(start, end)), cursor: end < finished.length ? String(end) : null } };
};
const byLimit = ({ query }: RecordedRequest): ScriptedAnswer => ({
  body: { items: items(finished.slice(0, Number(query.get('limit')))) },
});

const poll = (changes = {}) =>
  provider.poll(
    ours.map((id) => ({ id })),
    createContext(upstream.url, { settings: { ...settings, ...changes } }),
  );
const doneOf = async (result: ReturnType<typeof poll>) =>
  [...(await result).outcomes].filter(([, { state }]) => state === 'done').map(([id]) => id);

test.each([
  ['pages follow a cursor', byCursor, 19],
  ['the page grows where there is no cursor', byLimit, 6],
])('200 tasks that end within seconds are all found by one poll: %s', async (_name, script, calls) => {
  upstream.on(`GET ${draftsPath}`, script);
  expect((await doneOf(poll())).sort()).toEqual([...ours].sort());
  expect(upstream.requestsTo(draftsPath)).toHaveLength(calls);
});

test('200 tasks cost one poll as many calls as one task, as far as the window reaches (fault 16)', async () => {
  upstream.on(`GET ${draftsPath}`, byCursor);
  await doneOf(poll({ draftsPage: 300 }));
  expect(upstream.requestsTo('/backend/nf/pending/v2')).toHaveLength(1);
  expect(upstream.requestsTo(draftsPath)).toHaveLength(1);
});

test('tasks that finish while pages are read push others down, and those are found by the next poll', async () => {
  const list = [...finished];
  let pages = 0;
  upstream.on(`GET ${draftsPath}`, ({ query }) => {
    // Ten more arrive at the top between any two calls, so that offsets no longer mean the same.
    pages += 1;
    list.unshift(...Array.from({ length: 10 }, (_, index) => `late_${pages}_${index}`));
    const start = Number(query.get('cursor') ?? 0);
    const end = start + Number(query.get('limit'));
    return { body: { items: items(list.slice(start, end)), cursor: end < list.length ? String(end) : null } };
  });
  const first = await doneOf(poll({ draftsPage: 100 }));
  const missed = ours.filter((id) => !first.includes(id));
  const { outcomes } = await provider.poll(
    missed.map((id) => ({ id })),
    createContext(upstream.url, { settings: { draftsPage: 100, draftsPages: 20 } }),
  );
  expect(missed.filter((id) => outcomes.get(id)?.state !== 'done')).toEqual([]);
});

test('what lies beyond the cap is pending, never lost', async () => {
  upstream.on(`GET ${draftsPath}`, byCursor);
  const { outcomes, failures } = await poll({ draftsPages: 2 });
  expect(outcomes.size).toBe(200);
  expect(new Set([...outcomes.values()].map(({ state }) => state))).toEqual(new Set(['done', 'pending']));
  expect(failures).toEqual([]);
  expect(upstream.requestsTo(draftsPath)).toHaveLength(2);
});
