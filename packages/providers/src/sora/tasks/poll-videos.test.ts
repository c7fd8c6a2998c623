import { createContext } from '../__fixtures__/contexts.js';
import { parseRecorded, readRecorded } from '../__fixtures__/recorded.js';
import { type RecordedRequest, ScriptedUpstream } from '../__fixtures__/scripted-upstream.js';
import { SoraProvider } from '../sora-provider.js';

const provider = new SoraProvider();
const pendingRoute = 'GET /backend/nf/pending/v2';
const draftsRoute = 'GET /backend/project_y/profile/drafts';
const drafts = parseRecorded<{ items: { task_id: string }[] }>('drafts.json').items;
const [done, doneByUrl, violation, reason, urlless] = drafts.map((draft) => draft.task_id) as [
  string,
  string,
  string,
  string,
  string,
];
const queued = 'task_01kcxvng92fvka5x9r15f3atgd';
const rendering = 'task_01kcxvq7d4e9s8m2c1b0h6j5kz';

let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await new ScriptedUpstream().start();
  upstream.on(pendingRoute, { body: readRecorded('pending.json') });
  upstream.on(draftsRoute, { body: readRecorded('drafts.json') });
});
afterEach(() => upstream.close());

const poll = async (...ids: string[]) => {
  const operations = ids.map((id) => ({ id }));
  return (await provider.poll(operations, createContext(upstream.url))).outcomes;
};
const finished = (...ids: string[]) => ids.map((id) => ({ id: `gen_${id}`, task_id: id, url: `https://v/${id}` }));

describe('poll', () => {
  test('asks for pending alone while everything of ours is there', async () => {
    expect(await poll(queued, rendering)).toEqual(
      new Map([
        [queued, { state: 'pending', progress: 0, status: 'queued' }],
        [rendering, { state: 'pending', progress: 29, status: 'processing' }],
      ]),
    );
    expect(upstream.log).toEqual([pendingRoute]);
  });

  test('serves all tasks of a token with one call of each list, pending first', async () => {
    const outcomes = await poll(queued, done, violation);
    expect([queued, done, violation].map((id) => outcomes.get(id)?.state)).toEqual(['pending', 'done', 'refused']);
    expect(upstream.log).toEqual([pendingRoute, draftsRoute]);
  });

  test('prefers the downloadable address and falls back to the other', async () => {
    const outcomes = await poll(done, doneByUrl);
    expect(outcomes.get(done)).toEqual({
      state: 'done',
      operation: { id: done, draftId: 'gen_01kcxvs35fesdt4994xkeyhvb2', data: { type: 'video' } },
      media: [{ url: 'https://videos.openai.com/az/files/one/download?sig=b', kind: 'video' }],
    });
    expect(outcomes.get(doneByUrl)).toMatchObject({
      media: [{ url: 'https://videos.openai.com/az/files/two/raw?sig=c' }],
    });
  });

  test('whatever an upstream writes comes out storable: no NUL, no half of a character', async () => {
    const draft = { id: 'gen\0', task_id: 'odd\0', kind: 'sora_draft', url: 'https://v/\ud83d' };
    upstream.on(draftsRoute, { body: { items: [draft, { ...draft, task_id: 'ours', reason_str: 'no\0pe \ud83d' }] } });
    const outcomes = await poll('odd\ufffd', 'ours');
    expect(outcomes.get('odd\ufffd')).toEqual({
      state: 'done',
      operation: { id: 'odd\ufffd', draftId: 'gen\ufffd', data: { type: 'video' } },
      media: [{ url: 'https://v/\ufffd', kind: 'video' }],
    });
    expect(outcomes.get('ours')).toMatchObject({ error: { message: expect.stringContaining('no\ufffdpe \ufffd') } });
  });

  test('reads a violation from the kind, from either reason, and from a missing address', async () => {
    const outcomes = await poll(violation, reason, urlless);
    expect([violation, reason, urlless].map((id) => outcomes.get(id))).toEqual([
      {
        state: 'refused',
        error: { code: 'content_policy_violation', message: expect.stringContaining('third-party likeness') },
      },
      {
        state: 'refused',
        error: { code: 'content_policy_violation', message: expect.stringContaining('Not *allowed* here') },
      },
      {
        state: 'refused',
        error: { code: 'content_policy_violation', message: expect.stringContaining('its guardrails') },
      },
    ]);
  });

  test('takes a task in neither list for pending', async () => {
    expect(await poll('task_unknown')).toEqual(new Map([['task_unknown', { state: 'pending' }]]));
  });

  test('asks nothing when there is nothing to ask about', async () => {
    expect(await poll()).toEqual(new Map());
    expect(upstream.log).toEqual([]);
  });

  test.each([
    [null, 0],
    [undefined, 0],
    ['0.5', 0],
    [-1, 0],
    [0.999, 99],
    [7, 100],
  ])('reads progress_pct %p as %p percent', async (progress_pct, progress) => {
    upstream.on(pendingRoute, { body: [{ id: 'a', progress_pct }] });
    expect((await poll('a')).get('a')).toEqual({ state: 'pending', progress });
  });

  test.each([
    ['pending is an object', pendingRoute, { body: {} }],
    ['pending is null', pendingRoute, { body: 'null' }],
    ['pending has an element without id', pendingRoute, { body: [{ progress_pct: 1 }] }],
    ['pending is no JSON', pendingRoute, { body: '<html>' }],
    ['pending is empty text', pendingRoute, { body: '' }],
    ['pending fails', pendingRoute, { status: 500 }],
    ['the connection breaks', pendingRoute, 'reset' as const],
    ['drafts have no items', draftsRoute, { body: {} }],
    ['drafts fail', draftsRoute, { status: 502 }],
  ])('fails, rather than find nothing, when %s', async (_name, route, answer) => {
    upstream.on(route, answer);
    await expect(poll(done)).rejects.toMatchObject({ submitClass: 'not_sent', fault: 'upstream' });
  });

  test("is not disturbed by a stranger's draft with odd fields", async () => {
    upstream.on(draftsRoute, { body: { items: [{ task_id: null, kind: 7, url: {} }, ...finished('a')] } });
    expect((await poll('a')).get('a')).toMatchObject({ state: 'done' });
  });

  test('tells a dead credential', async () => {
    upstream.on(pendingRoute, { status: 401, body: { error: { code: 'token_invalidated' } } });
    await expect(poll(done)).rejects.toMatchObject({ tokenEffect: { effect: 'credential_rejected' } });
  });
});

describe('paging of finished tasks', () => {
  const many = Array.from({ length: 50 }, (_, index) => `t${index}`);
  const byCursor = ({ query }: RecordedRequest) => {
    const start = Number(query.get('cursor') ?? 0);
    const end = start + Number(query.get('limit'));
    return { body: { items: finished(...many.slice(start, end)), cursor: end < many.length ? String(end) : null } };
  };
  const byLimit = ({ query }: RecordedRequest) => ({
    body: { items: finished(...many.slice(0, Number(query.get('limit')))) },
  });

  test('follows the cursor while something of ours is missing, and no further', async () => {
    upstream.on(draftsRoute, byCursor);
    expect([...(await poll('t40', 't3')).values()].map(({ state }) => state)).toEqual(['done', 'done']);
    expect(upstream.requestsTo('/backend/project_y/profile/drafts').map(({ query }) => query.toString())).toEqual([
      'limit=15',
      'limit=15&cursor=15',
      'limit=15&cursor=30',
    ]);
  });

  test('asks for twice as long a list where the upstream sends no cursor', async () => {
    upstream.on(draftsRoute, byLimit);
    expect((await poll('t40')).get('t40')).toMatchObject({ state: 'done' });
    expect(upstream.requestsTo('/backend/project_y/profile/drafts').map(({ query }) => query.get('limit'))).toEqual([
      '15',
      '30',
      '60',
    ]);
  });

  test.each([7, {}, true])('does without a cursor that is none: %j', async (cursor) => {
    upstream.on(draftsRoute, (request) => ({ body: { ...byLimit(request).body, cursor } }));
    expect((await poll('t40')).get('t40')).toMatchObject({ state: 'done' });
  });

  test('ends at the configured number of pages', async () => {
    upstream.on(draftsRoute, ({ query }) => ({
      body: { items: finished(`x${query.get('cursor')}`), cursor: `${query.get('cursor')}1` },
    }));
    expect((await poll('never')).get('never')).toEqual({ state: 'pending' });
    expect(upstream.requestsTo('/backend/project_y/profile/drafts')).toHaveLength(4);
  });

  const list = (until?: string[]) =>
    provider.list({ slotKind: 'video', ...(until && { until: new Set(until) }) }, createContext(upstream.url));

  test('a list names pending, then finished, and is complete at its end', async () => {
    expect(await list()).toEqual({
      pending: [queued, rendering],
      finished: drafts.map((draft) => draft.task_id),
      complete: true,
    });
    expect(upstream.log).toEqual([pendingRoute, draftsRoute]);
  });

  test('a list is complete when it reaches a task that was known, and stops there', async () => {
    upstream.on(draftsRoute, byCursor);
    const listing = await list(['t20']);
    expect(listing.complete).toBe(true);
    expect(listing.finished).toEqual(many.slice(0, many.indexOf('t20') + 1));
    expect(listing.older).toEqual(many.slice(many.indexOf('t20') + 1, 30));
  });

  test('a list that runs to the last page of the cursor is complete', async () => {
    upstream.on(draftsRoute, byCursor);
    expect(await list(['gone'])).toMatchObject({ complete: true, finished: many });
  });

  test('a full page whose cursor is null is the last', async () => {
    upstream.on(draftsRoute, { body: { items: finished(...many.slice(0, 15)), cursor: null } });
    expect(await list(['gone'])).toMatchObject({ complete: true });
    expect(upstream.requestsTo('/backend/project_y/profile/drafts')).toHaveLength(1);
  });

  test('a list that a cap of ours cuts off proves nothing', async () => {
    upstream.on(draftsRoute, byCursor);
    const context = createContext(upstream.url, { settings: { draftsPage: 15, draftsPages: 2 } });
    expect(await provider.list({ slotKind: 'video', until: new Set(['t40']) }, context)).toMatchObject({
      complete: false,
    });
  });

  test('a list that a cap of the upstream cuts off proves nothing', async () => {
    upstream.on(draftsRoute, { body: { items: finished(...many.slice(0, 15)) } });
    expect(await list(['t40'])).toMatchObject({ complete: false });
  });

  test('an upstream that repeats its cursor is not followed for ever', async () => {
    upstream.on(draftsRoute, { body: { items: finished('a'), cursor: 'same' } });
    expect(await list(['b'])).toMatchObject({ complete: false, finished: ['a'] });
    expect(upstream.requestsTo('/backend/project_y/profile/drafts')).toHaveLength(2);
  });
});

describe('media', () => {
  const media = (id: string) => provider.media({ id }, createContext(upstream.url));

  test('are looked up anew, wherever on the pages the task is', async () => {
    expect(await media(done)).toEqual([
      { url: 'https://videos.openai.com/az/files/one/download?sig=b', kind: 'video' },
    ]);
  });

  test.each([
    ['a task that is no longer listed', 'task_gone', 'no longer lists'],
    ['a task without address', urlless, 'gives no address'],
  ])('of %s are unavailable', async (_name, id, message) => {
    await expect(media(id)).rejects.toMatchObject({
      code: 'media_unavailable',
      message: expect.stringContaining(message),
    });
  });
});
