import { browser, solveProof } from './testing/solve-proof.js';
import { plainBody, type RunningSimulator, startSimulator } from './testing/start-simulator.js';

const PROOF = `gAAAAAC${solveProof('0.5', '0fffff')}`;

/** A bit of everything that is drawn by chance, as a client sees it. */
async function visit(simulator: RunningSimulator): Promise<object> {
  const accounts = (await simulator.call('/_sim/accounts')).json;
  const authorization = `Bearer ${await simulator.accessToken()}`;
  const request = { p: PROOF, flow: 'sora_2_create_task', id: '00000000-0000-4000-8000-000000000000' };
  const sentinel = { authorization, 'user-agent': browser };
  const challenge = (await simulator.send('/backend-api/sentinel/req', request, sentinel)).json;
  await simulator.send('/_sim/faults', { kind: 'overload', endpoint: 'me', probability: 0.5 });
  const dice: number[] = [];
  for (let k = 0; k < 20; k += 1) dice.push((await simulator.get('/backend/me')).status);
  const tasks = [(await simulator.create()).json, (await simulator.create({ ...plainBody, prompt: 'B' })).json];
  simulator.clock.now += 10_000;
  const { items } = (await simulator.drafts()).json;
  const path = (url: string | null) => (url ?? '').replace(simulator.url, '');
  const media = (await simulator.call(path(items[0]!.url))).headers.get('etag');
  const character = { generation_id: items[0]!.id, character_id: null, timestamps: [0, 3] };
  const cameo = (await simulator.send('/backend/characters/from-generation', character, { authorization })).json;
  const short = { prompt: 'A fox', expansion_level: 'short', duration_s: 10 };
  const enhanced = (await simulator.send('/backend/editor/enhance_prompt', short, { authorization })).json;
  const drafts = items.map((item) => ({ ...item, url: path(item.url), downloadable_url: undefined }));
  return { accounts, challenge, dice, tasks, drafts, media, cameo, enhanced };
}

async function visitNew(seed: string): Promise<Record<string, unknown>> {
  const simulator = await startSimulator({ seed });
  try {
    return { ...(await visit(simulator)) };
  } finally {
    await simulator.close();
  }
}

test('the same seed, requests and times give the same ids, challenges, dice and media', async () => {
  expect(await visitNew('one')).toEqual(await visitNew('one'));
});

test('another seed gives others, of the same accounts', async () => {
  const [one, two] = [await visitNew('one'), await visitNew('two')];
  for (const drawn of ['challenge', 'dice', 'tasks', 'drafts', 'media', 'cameo']) {
    expect({ [drawn]: two[drawn] }).not.toEqual({ [drawn]: one[drawn] });
  }
  const emails = (accounts: unknown) => (accounts as { email: string }[]).map(({ email }) => email);
  expect(emails(two.accounts)).toEqual(emails(one.accounts));
});

test('one more poll does not change what comes next', async () => {
  const ids = async (polls: number) => {
    const simulator = await startSimulator({ seed: 'one' });
    for (let k = 0; k < polls; k += 1) await simulator.get('/backend/nf/pending/v2');
    const { id } = (await simulator.create()).json;
    await simulator.close();
    return id;
  };
  expect(await ids(3)).toBe(await ids(0));
});
