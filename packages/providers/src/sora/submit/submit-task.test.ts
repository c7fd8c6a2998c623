import { createContext, textRequest, tokenId } from '../__fixtures__/contexts.js';
import { parseRecorded, readRecorded } from '../__fixtures__/recorded.js';
import { type ScriptedAnswer, ScriptedUpstream } from '../__fixtures__/scripted-upstream.js';
import { pickClientProfile } from '../sentinel/client-profile.js';
import { SoraProvider } from '../sora-provider.js';

const provider = new SoraProvider();
let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await new ScriptedUpstream().start();
  upstream.on('POST /backend-api/sentinel/req', { body: readRecorded('sentinel.json') });
  upstream.on('POST /backend/nf/create', { body: { id: 'task_01new', priority: 1 } });
});
afterEach(() => upstream.close());

const image = { assetId: 'a', kind: 'image' as const, contentType: 'image/png', sizeBytes: 1 };
const clip = { ...image, kind: 'video' as const, contentType: 'video/mp4' };
const share = { type: 'share' as const, id: `s_${'0123456789abcdef'.repeat(2)}` };
const commit = () => {
  upstream.log.push('beforeSend');
  return Promise.resolve({ commitStartedAt: performance.now(), freshMs: 5_000 });
};

describe('submit', () => {
  test('sends exactly the body of a plain video and gives back the task', async () => {
    const submitted = await provider.submit(textRequest, null, createContext(upstream.url));
    expect(submitted).toEqual({ operation: { id: 'task_01new', data: { type: 'video' } } });
    expect(upstream.requestsTo('/backend/nf/create')[0]?.body).toBe(
      '{"kind":"video","prompt":"A “tiny” café 🦊 at dawn","orientation":"landscape","size":"small","n_frames":300,' +
        '"model":"sy_8","inpaint_items":[],"style_id":null}',
    );
  });

  test('sends the header profile of the create call, with the token it just made and the app user agent', async () => {
    await provider.submit(textRequest, null, createContext(upstream.url));
    const [sentinel, create] = upstream.requests;
    expect(create?.headers).toMatchObject({
      authorization: 'Bearer access-token-of-ada',
      'content-type': 'application/json',
      'user-agent': pickClientProfile(tokenId).appUserAgent,
      origin: 'https://sora.chatgpt.com',
      referer: 'https://sora.chatgpt.com/',
    });
    const header = String(create?.headers['openai-sentinel-token']);
    const { id, c, flow, ...rest } = JSON.parse(header);
    expect(header).toMatch(
      /^\{"p":"gAAAAAB[^"]+~S","t":"[^"]*","c":"gAAAAABissued","id":"[^"]+","flow":"sora_2_create_task"\}$/,
    );
    expect({ id, c, flow }).toEqual({
      id: JSON.parse(sentinel?.body ?? '{}').id,
      c: parseRecorded<{ token: string }>('sentinel.json').token,
      flow: 'sora_2_create_task',
    });
    expect(Object.keys(rest)).toEqual(['p', 't']);
  });

  test('commits once, after the proof and right before the paid request', async () => {
    await provider.submit(textRequest, null, createContext(upstream.url, { beforeSend: commit }));
    expect(upstream.log).toEqual(['POST /backend-api/sentinel/req', 'beforeSend', 'POST /backend/nf/create']);
  });

  test('hands beforeSend and the hard timeout to the paid request alone', async () => {
    const context = createContext(upstream.url, { beforeSend: commit, submitTimeoutMs: 1_234 });
    const seen: [string, boolean, number | undefined][] = [];
    await provider.submit(textRequest, null, {
      ...context,
      fetch: (request) => {
        seen.push([new URL(request.url).pathname, request.beforeSend === commit, request.timeoutMs]);
        return context.fetch(request);
      },
    });
    expect(seen).toEqual([
      ['/backend-api/sentinel/req', false, 10_000],
      ['/backend/nf/create', true, 1_234],
    ]);
  });

  test('sends nothing when the commit is refused, and tells its reason', async () => {
    const reason = new Error('the generation has ended');
    const context = createContext(upstream.url, { beforeSend: () => Promise.reject(reason) });
    await expect(provider.submit(textRequest, null, context)).rejects.toMatchObject({
      submitClass: 'not_sent',
      cause: reason,
    });
    expect(upstream.requestsTo('/backend/nf/create')).toEqual([]);
  });

  test('neither commits nor sends when the proof cannot be had', async () => {
    upstream.on('POST /backend-api/sentinel/req', { status: 503 });
    const context = createContext(upstream.url, { beforeSend: commit });
    await expect(provider.submit(textRequest, null, context)).rejects.toMatchObject({ submitClass: 'not_sent' });
    expect(upstream.log).toEqual(['POST /backend-api/sentinel/req']);
  });

  const outcomes: [string, ScriptedAnswer, string][] = [
    ['a reset after the request was read', 'reset', 'unknown'],
    ['a 500', { status: 500, body: '' }, 'unknown'],
    ['an empty 200', { body: '' }, 'unknown'],
    ['a 200 that is no JSON', { body: '<html></html>' }, 'unknown'],
    ['a 200 without id', { body: { id: null } }, 'unknown'],
    ['a refusal', { status: 400, body: { error: { message: 'no' } } }, 'refused'],
    ['an error that is a string', { status: 400, body: { error: 'no' } }, 'refused'],
    ['a 401', { status: 401, body: {} }, 'refused'],
    [
      'Cloudflare',
      { status: 403, body: readRecorded('challenge.html'), headers: { 'content-type': 'text/html' } },
      'not_sent',
    ],
  ];
  test.each(outcomes)('sends once and no more on %s', async (_name, answer, submitClass) => {
    upstream.on('POST /backend/nf/create', answer);
    await expect(provider.submit(textRequest, null, createContext(upstream.url))).rejects.toMatchObject({
      submitClass,
    });
    expect(upstream.requestsTo('/backend/nf/create')).toHaveLength(1);
  });

  test('calls a silent upstream unknown when the hard timeout ends', async () => {
    upstream.on('POST /backend/nf/create', 'silence');
    const submit = provider.submit(textRequest, null, createContext(upstream.url, { submitTimeoutMs: 50 }));
    await expect(submit).rejects.toMatchObject({ submitClass: 'unknown' });
  });

  test.each([
    ['an image without a size', { workflow: 'image' as const }],
    ['a style it does not have', { style: 'baroque' }],
    ['two images', { references: [image, image] }],
    ['a video beside the text', { references: [clip] }],
    ['an image for a remix', { workflow: 'remix' as const, parent: share, references: [image] }],
    ['an extension of a share', { workflow: 'extension' as const, parent: share }],
    ['a remix of what is no share id', { workflow: 'remix' as const, parent: { ...share, id: 's_1' } }],
    ['a remix of nothing', { workflow: 'remix' as const }],
    ['an extension of nothing', { workflow: 'extension' as const }],
    ['a storyboard without shots', { workflow: 'storyboard' as const }],
    ['a character of nothing', { workflow: 'character' as const }],
    ['an enhancement of no length', { workflow: 'enhance' as const }],
    ['a square', { orientation: 'square' as const }],
    ['a length the upstream does not make', { frames: 301 }],
    ['a model it does not have', { upstream: { model: 'sy_9', size: 'small' } }],
  ])('refuses %s before anything is worked out or sent', async (_name, change) => {
    const request = { ...textRequest, ...change };
    const context = createContext(upstream.url, { beforeSend: commit });
    const refusal = { submitClass: 'refused', fault: 'client', code: 'not_supported_by_model' };
    await expect(provider.prepare(request, context)).rejects.toMatchObject(refusal);
    await expect(provider.submit(request, null, context)).rejects.toMatchObject(refusal);
    expect(upstream.log).toEqual([]);
  });

  test('sends nothing without the image or the character that was asked for', async () => {
    const context = createContext(upstream.url, { beforeSend: commit });
    const withImage = { ...textRequest, references: [image] };
    await expect(provider.submit(withImage, null, context)).rejects.toThrow('was not uploaded');
    const withCharacter = { ...textRequest, workflow: 'character_video' as const, references: [clip] };
    await expect(provider.submit(withCharacter, null, { ...context, step: 3 })).rejects.toThrow('has no name');
    expect(upstream.log).toEqual([]);
  });

  test('needs no preparation for a text', async () => {
    await expect(provider.prepare(textRequest, createContext(upstream.url))).resolves.toBeNull();
    expect(upstream.requests).toEqual([]);
  });
});
