import type { Operation } from '@reelay/contracts/provider';
import { createContext } from '../__fixtures__/contexts.js';
import { parseRecorded, readRecorded } from '../__fixtures__/recorded.js';
import { ScriptedUpstream } from '../__fixtures__/scripted-upstream.js';
import { SoraProvider } from '../sora-provider.js';

const provider = new SoraProvider();
const errors = parseRecorded<Record<string, unknown>>('errors.json');
const routes = {
  pending: 'GET /backend/nf/pending/v2',
  drafts: 'GET /backend/project_y/profile/drafts',
  images: 'GET /backend/v2/recent_tasks',
  cameo: 'GET /backend/project_y/cameos/in_progress/cameo_01',
};
const operations: Operation[] = [
  { id: 'task_01kcxvng92fvka5x9r15f3atgd', data: { type: 'video' } },
  { id: 'task_01kcxvr0a1b2c3d4e5f6g7h8j9' },
  { id: 'task_img_done', data: { type: 'image' } },
  { id: 'cameo:cameo_01', data: { type: 'cameo', cameoId: 'cameo_01' } },
  { id: 'text:1', data: { type: 'text', text: 'more' } },
];
const [pendingVideo, doneVideo, image, cameo, text] = operations.map(({ id }) => id);

let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await new ScriptedUpstream().start();
  upstream
    .on(routes.pending, { body: readRecorded('pending.json') })
    .on(routes.drafts, { body: readRecorded('drafts.json') })
    .on(routes.images, { body: readRecorded('recent-tasks.json') })
    .on(routes.cameo, { body: parseRecorded<Record<string, unknown>>('cameos.json').completed });
});
afterEach(() => upstream.close());

const poll = (some = operations) => provider.poll(some, createContext(upstream.url));
const states = async () => {
  const { outcomes } = await poll();
  return Object.fromEntries([...outcomes].map(([id, { state }]) => [id, state]));
};

test('one round asks each list once for everything of its sort, whatever made it', async () => {
  expect(await states()).toEqual({
    [pendingVideo!]: 'pending',
    [doneVideo!]: 'done',
    [image!]: 'done',
    [cameo!]: 'next',
    [text!]: 'done',
  });
  expect([...upstream.log].sort()).toEqual(Object.values(routes).sort());
});

test('a list is asked only where something of ours is on it', async () => {
  await poll(operations.slice(2, 3));
  expect(upstream.log).toEqual([routes.images]);
});

test.each([
  ['the list of images fails', routes.images, [image]],
  ['the pending list fails', routes.pending, [pendingVideo, doneVideo]],
  ['the finished list fails', routes.drafts, [doneVideo]],
  ['a cameo fails', routes.cameo, [cameo]],
])('%s: the others are heard, and the failure is told', async (_name, route, unheard) => {
  upstream.on(route, { status: 500 });
  const { outcomes, failures } = await poll();
  expect(operations.map(({ id }) => id).filter((id) => !outcomes.has(id))).toEqual(unheard);
  expect(failures).toMatchObject([{ submitClass: 'not_sent', fault: 'upstream' }]);
});

test('when nothing could be read, it fails with the failure that somebody can do something about', async () => {
  upstream
    .on(routes.images, { status: 500 })
    .on(routes.pending, { status: 401, body: errors.tokenInvalidated })
    .on(routes.cameo, 'reset');
  await expect(poll(operations.slice(0, 4))).rejects.toMatchObject({ tokenEffect: { effect: 'credential_rejected' } });
});

test('what was found before a page failed, stands', async () => {
  const drafts = Array.from({ length: 15 }, (_, index) => ({
    id: `gen_${index}`,
    task_id: `t${index}`,
    url: 'https://v',
  }));
  upstream.on(routes.drafts, { body: { items: drafts, cursor: 'next' } }, { status: 502 });
  const { outcomes, failures } = await poll([{ id: 't3' }, { id: 'missing' }]);
  expect([...outcomes.keys()]).toEqual(['t3']);
  expect(failures).toHaveLength(1);
});

test('an operation whose data this release cannot read is taken for a video', async () => {
  const { outcomes } = await poll([{ id: doneVideo!, data: { type: 'hologram' } }]);
  expect(outcomes.get(doneVideo!)).toMatchObject({ state: 'done' });
});

test('a finished video names its draft, by which others can go on from it', async () => {
  const { outcomes } = await poll();
  expect(outcomes.get(doneVideo!)).toMatchObject({
    operation: { id: doneVideo, draftId: 'gen_01kcxvs35fesdt4994xkeyhvb2' },
  });
});

test('the avatar of a character is looked up anew; a text and a post have no media', async () => {
  const character = {
    ...{ type: 'character', cameoId: 'cameo_01', username: 'fox1', displayName: 'Fox' },
    ...{ avatarUrl: 'https://videos.openai.com/old', isTemporary: false },
  };
  const media = (data: Operation['data']) =>
    provider.media({ id: 'x', ...(data && { data }) }, createContext(upstream.url));
  expect(await media(character)).toEqual([
    { url: 'https://videos.openai.com/az/avatars/one.webp?sig=a', kind: 'image' },
  ]);
  upstream.on(routes.cameo, { body: {} });
  expect(await media(character)).toEqual([{ url: 'https://videos.openai.com/old', kind: 'image' }]);
  expect(await media({ type: 'text', text: 'more' })).toEqual([]);
});
