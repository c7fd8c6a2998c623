import type { Json, Operation } from '@reelay/contracts/provider';
import { createContext } from '../__fixtures__/contexts.js';
import { parseRecorded } from '../__fixtures__/recorded.js';
import { type ScriptedAnswer, ScriptedUpstream } from '../__fixtures__/scripted-upstream.js';
import { SoraProvider } from '../sora-provider.js';

const provider = new SoraProvider();
const cameos =
  parseRecorded<Record<'looking' | 'completed' | 'finalized' | 'failed', Record<string, Json>>>('cameos.json');
const routeOf = (id: string) => `GET /backend/project_y/cameos/in_progress/${id}`;
const cameo = (id: string): Operation => ({ id: `cameo:${id}`, data: { type: 'cameo', cameoId: id } });

let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await new ScriptedUpstream().start();
});
afterEach(() => upstream.close());

const poll = async (answer: ScriptedAnswer) => {
  upstream.on(routeOf('a'), answer);
  const { outcomes } = await provider.poll([cameo('a')], createContext(upstream.url));
  return outcomes.get('cameo:a');
};

test('is pending while the upstream looks at the video', async () => {
  expect(await poll({ body: cameos.looking })).toEqual({ state: 'pending', status: 'processing' });
});

test.each(['completed', 'finalized'] as const)('goes on when it is %s', async (name) => {
  expect(await poll({ body: cameos[name] })).toMatchObject({
    state: 'next',
    carried: { cameoId: 'a', usernameHint: 'ada.QuickFox', displayName: 'Quick Fox' },
  });
});

test('names what the upstream does not name', async () => {
  const body = { status_message: 'Completed', profile_asset_url: 'https://videos.openai.com/a.webp' };
  expect(await poll({ body })).toMatchObject({
    state: 'next',
    carried: { usernameHint: 'character', displayName: 'Character' },
  });
});

test('fails at once, with the reason, when the upstream gives up', async () => {
  expect(await poll({ body: cameos.failed })).toEqual({
    state: 'refused',
    error: { code: 'character_failed', message: expect.stringContaining('No face was found in this video.') },
  });
  expect(await poll({ body: { status: 'failed', status_message: null } })).toMatchObject({ state: 'refused' });
});

test('waits for an avatar that is not there yet', async () => {
  expect(await poll({ body: { ...cameos.completed, profile_asset_url: null } })).toMatchObject({ state: 'pending' });
});

test.each([{}, { status: null, status_message: null }, { status: 7, status_message: ['x'], username_hint: {} }])(
  'crashes on no field that is null or odd: %j',
  async (body) => {
    expect(await poll({ body })).toMatchObject({ state: 'pending' });
  },
);

test('one that cannot be read keeps no other from being heard, and is a failure of its own', async () => {
  const ids = Array.from({ length: 9 }, (_, index) => `c${index}`);
  for (const id of ids) upstream.on(routeOf(id), { body: cameos.looking });
  upstream.on(routeOf('c3'), { status: 500 }).on(routeOf('c7'), { body: 'null' });
  const { outcomes, failures } = await provider.poll(ids.map(cameo), createContext(upstream.url));
  expect([...outcomes.keys()].sort()).toEqual(
    ids.filter((id) => id !== 'c3' && id !== 'c7').map((id) => `cameo:${id}`),
  );
  expect(failures).toHaveLength(2);
  expect(failures).toMatchObject([{ submitClass: 'not_sent' }, { submitClass: 'not_sent' }]);
});
