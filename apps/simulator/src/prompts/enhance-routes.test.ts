import { type Client, clientOf } from '../testing/client.js';
import { type RunningSimulator, startSimulator } from '../testing/start-simulator.js';

const ENHANCE = '/backend/editor/enhance_prompt';
const body = { prompt: '一只橘猫', expansion_level: 'medium', duration_s: 10 };

let simulator: RunningSimulator;
let client: Client;

beforeAll(async () => {
  simulator = await startSimulator();
  client = clientOf(simulator);
});

afterAll(() => simulator.close());

async function enhanced(changes: object = {}): Promise<string> {
  const { json } = await client.post<{ enhanced_prompt: string }>(ENHANCE, { ...body, ...changes });
  return json.enhanced_prompt;
}

const shots = (text: string) => text.match(/^\d+\. /gm)?.length;

test('an enhanced prompt has its headings, quotes the prompt, and is the same each time', async () => {
  const text = await enhanced();
  for (const heading of ['PRIMARY', 'SETTING', 'LOOK', 'CAMERA', 'LIGHT']) expect(text).toContain(`${heading}: `);
  expect(text).toContain(body.prompt);
  expect(await enhanced()).toBe(text);
  expect(await enhanced({ prompt: 'Another' })).not.toBe(text);
});

test.each([
  ['short', 10, 2],
  ['short', 15, 3],
  ['short', 20, 4],
  ['medium', 10, 4],
  ['medium', 15, 5],
  ['medium', 20, 7],
  ['long', 10, 5],
  ['long', 15, 8],
  ['long', 20, 10],
])('%s for %i seconds has %i shots, the last of which ends there', async (expansion_level, duration_s, count) => {
  const text = await enhanced({ expansion_level, duration_s });
  expect(shots(text)).toBe(count);
  expect(text).toMatch(new RegExp(`-${duration_s}s: [^\\n]+$`));
});

test.each(Object.keys(body))('refuses a body without "%s"', async (param) => {
  const rest = Object.fromEntries(Object.entries(body).filter(([key]) => key !== param));
  expect(await client.post(ENHANCE, rest)).toMatchObject({ status: 400, json: { error: { param } } });
});

test.each([
  ['an unknown key', { model: 'x' }, 'model'],
  ['a level that does not exist', { expansion_level: 'huge' }, 'expansion_level'],
  ['25 seconds', { duration_s: 25 }, 'duration_s'],
  ['seconds as text', { duration_s: '10' }, 'duration_s'],
  ['a blank prompt', { prompt: '' }, 'prompt'],
])('refuses %s', async (_, changes, param) => {
  const answer = await client.post(ENHANCE, { ...body, ...changes });
  expect(answer).toMatchObject({ status: 400, json: { error: { param } } });
});

test('the ledger keeps what was asked and what was answered', async () => {
  const text = await enhanced({ prompt: 'Kept' });
  const { enhancements } = (await simulator.call<{ enhancements: object[] }>('/_sim/ledger')).json;
  expect(enhancements.at(-1)).toMatchObject({
    prompt: 'Kept',
    level: 'medium',
    durationSeconds: 10,
    enhancedPrompt: text,
    body: { ...body, prompt: 'Kept' },
  });
});

test('refuses whoever is not signed in', async () => {
  expect((await simulator.send(ENHANCE, body)).status).toBe(401);
});
