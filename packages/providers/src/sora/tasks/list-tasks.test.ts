import { createContext } from '../__fixtures__/contexts.js';
import { ScriptedUpstream } from '../__fixtures__/scripted-upstream.js';
import { listTasks } from './list-tasks.js';

let upstream: ScriptedUpstream;
let drafts: string[];
beforeEach(async () => {
  upstream = await new ScriptedUpstream().start();
  drafts = Array.from({ length: 20 }, (_, index) => `old-${index}`);
  upstream.on('GET /backend/nf/pending/v2', { body: [] });
  upstream.on('GET /backend/project_y/profile/drafts', ({ query }) => ({
    body: {
      items: drafts
        .slice(0, Number(query.get('limit')))
        .map((id) => ({ id: `gen_${id}`, task_id: id, kind: 'sora_draft' })),
      cursor: 'next',
    },
  }));
});
afterEach(() => upstream.close());

const list = (...until: string[]) =>
  listTasks({ slotKind: 'video', until: new Set(until) }, createContext(upstream.url));

test('an old draft that slides into the page is no candidate for an unknown submit', async () => {
  const before = await list('old-3');
  const known = [...before.finished, ...(before.older ?? [])];
  // One of the first page is deleted upstream, so the sixteenth moves up.
  drafts.splice(0, 1);
  const after = await list(...known);
  expect(after.complete).toBe(true);
  expect(after.finished).toEqual(known.slice(1));
  expect(after.older).toEqual(['old-15']);
});

test('what is new stands above a known one, and is a candidate although others were deleted', async () => {
  const { finished, older = [] } = await list('old-0');
  drafts.splice(0, 1, 'new');
  expect((await list(...finished, ...older)).finished.filter((id) => !older.includes(id))).toEqual(['new']);
});

test('everything on the page is known afterwards, so that no deletion of a few makes the rest look new', async () => {
  const { finished, older } = await list('old-0');
  expect(finished).toEqual(['old-0']);
  expect(older).toEqual(drafts.slice(1, 15));
});
