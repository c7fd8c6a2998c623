/** The open-source client as it is on the wire: what it sends must be accepted to the letter. */
import { randomUUID } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { browser, solveProof } from '../testing/solve-proof.js';
import { plainBody, type RunningSimulator, startSimulator } from '../testing/start-simulator.js';

const APP = 'Sora/1.2026.007 (Android 15; 24122RKC7C; build 2600700)';
/** What its other HTTP stack adds to everything, whatever the user agent says. */
const chromeNavigation = {
  'sec-ch-ua': '"Chromium";v="136", "Google Chrome";v="136", "Not.A/Brand";v="99"',
  'sec-ch-ua-mobile': '?0',
  'sec-ch-ua-platform': '"macOS"',
  'Upgrade-Insecure-Requests': '1',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Sec-Fetch-Site': 'none',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-User': '?1',
  'Sec-Fetch-Dest': 'document',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'en-US,en;q=0.9',
};

let simulator: RunningSimulator;
let token: string;

beforeEach(async () => {
  simulator = await startSimulator();
  token = await simulator.accessToken();
});

afterEach(() => simulator.close());

/** Header names go out as they are written here, which fetch would not do. */
function send(method: string, path: string, headers: Record<string, string>, body?: string) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; json: unknown }>((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const request = httpRequest(simulator.url + path, { method, agent: false, headers: { ...length, ...headers } });
    request.once('error', reject).once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => {
        const json: unknown = text === '' ? undefined : JSON.parse(text);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, json });
      });
    });
    request.end(body);
  });
}

/** Python's `urllib`: title-cased names, one connection per request, and `json.dumps` with spaces and ASCII escapes. */
function urllib(path: string, headers: Record<string, string>, body: unknown) {
  const always = { 'Accept-Encoding': 'identity', Connection: 'close' };
  return send('POST', path, { ...always, ...headers }, pythonJson(body));
}

function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => `${pythonJson(key)}: ${pythonJson(item)}`);
    return `{${entries.join(', ')}}`;
  }
  const toEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(/[^ -~]/g, toEscape);
}

async function sentinelToken(): Promise<string> {
  const id = randomUUID();
  const flow = 'sora_2_create_task';
  const headers = {
    Accept: 'application/json, text/plain, */*',
    'Content-Type': 'application/json',
    Origin: 'https://sora.chatgpt.com',
    Referer: 'https://sora.chatgpt.com/',
    'User-Agent': browser,
    Authorization: `Bearer ${token}`,
  };
  const p0 = `gAAAAAC${solveProof('0.5608403060967488', '0fffff')}`;
  const { json } = await urllib('/backend-api/sentinel/req', headers, { p: p0, flow, id });
  const issued = json as {
    token: string;
    turnstile: { dx: string };
    proofofwork: { seed: string; difficulty: string };
  };
  const { seed, difficulty } = issued.proofofwork;
  const p = `gAAAAAB${solveProof(seed, difficulty)}~S`;
  return JSON.stringify({ p, t: issued.turnstile.dx, c: issued.token, id, flow });
}

test('its video is accepted, polled and found', async () => {
  const prompt = 'Ein Fuchs im Schnee, 雪の中の狐 🦊';
  const createHeaders = {
    Authorization: `Bearer ${token}`,
    'Openai-Sentinel-Token': await sentinelToken(),
    'Content-Type': 'application/json',
    'User-Agent': APP,
    Origin: 'https://sora.chatgpt.com',
    Referer: 'https://sora.chatgpt.com/',
  };
  const created = await urllib('/backend/nf/create', createHeaders, { ...plainBody, prompt });
  expect(created).toMatchObject({ status: 200, json: { id: expect.stringMatching(/^task_/) } });
  const { id } = created.json as { id: string };

  // A content type on GET, without a body, and a browser's hints beside the app's name.
  const appHeaders = {
    ...chromeNavigation,
    Authorization: `Bearer ${token}`,
    'User-Agent': APP,
    'Content-Type': 'application/json',
  };
  expect(await send('GET', '/backend/nf/pending/v2', appHeaders)).toMatchObject({ status: 200, json: [{ id }] });
  simulator.clock.now += 10_000;
  const drafts = await send('GET', '/backend/project_y/profile/drafts?limit=15', appHeaders);
  expect(drafts).toMatchObject({ status: 200, json: { items: [{ task_id: id }] } });
  const { submits } = (await simulator.call<{ submits: { prompt: string; userAgent: string }[] }>('/_sim/ledger')).json;
  expect(submits).toMatchObject([{ prompt, userAgent: APP }]);
});

test('its newer version, which asks the sentinel as nobody, makes a video on any account', async () => {
  const sentinel = await simulator.newerSentinelHeader();
  const headers = {
    Authorization: `Bearer ${token}`,
    'OpenAI-Sentinel-Token': sentinel,
    'OAI-Device-Id': (JSON.parse(sentinel) as { id: string }).id,
    'Content-Type': 'application/json',
    'User-Agent': browser,
  };
  const created = await urllib('/backend/nf/create', headers, plainBody);
  expect(created).toMatchObject({ status: 200, json: { id: expect.stringMatching(/^task_/) } });
  expect(await urllib('/backend/nf/create', headers, plainBody)).toMatchObject({
    status: 400,
    json: { error: { code: 'sentinel_refused', message: expect.stringContaining('used before') } },
  });
});

test('its account calls are answered', async () => {
  const bare = { ...chromeNavigation, Authorization: `Bearer ${token}` };
  const json = { ...bare, Accept: 'application/json' };
  for (const [path, headers] of [
    ['/backend/me', { ...json, Origin: 'https://sora.chatgpt.com', Referer: 'https://sora.chatgpt.com/' }],
    ['/backend/billing/subscriptions', bare],
    ['/backend/project_y/invite/mine', json],
    ['/backend/m/bootstrap', json],
    ['/backend/nf/check', { ...json, 'User-Agent': APP }],
  ] as const) {
    expect([path, await send('GET', path, headers)]).toMatchObject([path, { status: 200 }]);
  }
  const named = { ...bare, 'Content-Type': 'application/json' };
  const check = '/backend/project_y/profile/username/check';
  expect(await send('POST', check, named, '{"username":"jane.doe12"}')).toMatchObject({ json: { available: true } });
  const invited = { ...chromeNavigation, authorization: `Bearer ${token}`, cookie: `oai-did=${randomUUID()}` };
  const typed = { ...invited, 'Content-Type': 'application/json' };
  expect(await send('POST', '/backend/project_y/invite/accept', typed, '{"invite_code":"X"}')).toMatchObject({
    json: { success: true, already_accepted: true },
  });
});

test('its deletions, which say nothing of a body, reach their routes', async () => {
  const headers = { ...chromeNavigation, Authorization: `Bearer ${token}` };
  for (const path of ['/backend/project_y/post/s_0', '/backend/project_y/characters/char_0']) {
    expect(await send('DELETE', path, headers)).toMatchObject({ status: 404, json: { error: { code: 'not_found' } } });
  }
});
