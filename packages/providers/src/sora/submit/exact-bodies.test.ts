import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { Json, SubmitContext } from '@reelay/contracts/provider';
import { createContext, textRequest, tokenId } from '../__fixtures__/contexts.js';
import { readRecorded } from '../__fixtures__/recorded.js';
import {
  characterRequest,
  characterVideoRequest,
  draftId,
  enhanceRequest,
  extensionRequest,
  image,
  imageRequest,
  ownRemixRequest,
  remixRequest,
  shareId,
  storyboardRequest,
} from '../__fixtures__/requests.js';
import { ScriptedUpstream } from '../__fixtures__/scripted-upstream.js';
import { pickClientProfile } from '../sentinel/client-profile.js';
import { SoraProvider } from '../sora-provider.js';

const provider = new SoraProvider();
const sentinel = 'POST /backend-api/sentinel/req';
let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await new ScriptedUpstream().start();
  upstream.on(sentinel, { body: readRecorded('sentinel.json') });
});
afterEach(() => upstream.close());

interface Case {
  name: string;
  request: GenerationRequest;
  prepared?: Json;
  step?: number;
  carried?: Json;
  path: string;
  body: string;
  /** Which of the clients' ways of calling; `app` without, the others with a proof. */
  profile: 'app' | 'proven' | 'create';
  answer?: object;
}

const plain = (prompt: string, items: string, style: string) =>
  `{"kind":"video","prompt":"${prompt}","orientation":"landscape","size":"small","n_frames":300,"model":"sy_8",` +
  `"inpaint_items":${items},"style_id":${style}}`;
const withImage: GenerationRequest = { ...imageRequest, references: [image] };
const uploaded = { mediaId: 'media_1' };

const cases: Case[] = [
  {
    name: 'text to image',
    request: imageRequest,
    path: 'video_gen',
    body:
      '{"type":"image_gen","operation":"simple_compose","prompt":"A {retro} tram  in the rain","width":540,"height":360,' +
      '"n_variants":1,"n_frames":1,"inpaint_items":[]}',
    profile: 'proven',
  },
  {
    name: 'image to image',
    request: withImage,
    prepared: uploaded,
    path: 'video_gen',
    body:
      '{"type":"image_gen","operation":"remix","prompt":"A {retro} tram  in the rain","width":540,"height":360,' +
      '"n_variants":1,"n_frames":1,"inpaint_items":[{"type":"image","frame_index":0,"upload_media_id":"media_1"}]}',
    profile: 'proven',
  },
  {
    name: 'text to video, Pro HD with a style',
    request: {
      ...textRequest,
      prompt: 'hello world',
      style: 'kakalaka',
      orientation: 'portrait',
      frames: 450,
      upstream: { model: 'sy_ore', size: 'large' },
    },
    path: 'nf/create',
    body:
      '{"kind":"video","prompt":"hello world","orientation":"portrait","size":"large","n_frames":450,"model":"sy_ore",' +
      '"inpaint_items":[],"style_id":"kakalaka"}',
    profile: 'create',
  },
  {
    name: 'image to video',
    request: { ...textRequest, prompt: 'it moves', references: [image] },
    prepared: uploaded,
    path: 'nf/create',
    body: plain('it moves', '[{"kind":"upload","upload_id":"media_1"}]', 'null'),
    profile: 'create',
  },
  {
    name: 'remix of a share',
    request: remixRequest,
    path: 'nf/create',
    body:
      `{"kind":"video","prompt":"make it snow","inpaint_items":[],"remix_target_id":"${shareId}","cameo_ids":[],` +
      '"cameo_replacements":{},"model":"sy_8","orientation":"landscape","n_frames":300,"style_id":"anime"}',
    profile: 'create',
  },
  {
    name: 'remix of a draft, published',
    request: ownRemixRequest,
    step: 2,
    carried: { postId: `s_${'f'.repeat(32)}` },
    path: 'nf/create',
    body:
      `{"kind":"video","prompt":"make it snow","inpaint_items":[],"remix_target_id":"s_${'f'.repeat(32)}","cameo_ids":[],` +
      '"cameo_replacements":{},"model":"sy_8","orientation":"landscape","n_frames":300,"style_id":"anime"}',
    profile: 'create',
  },
  {
    name: 'storyboard with an image, of the standard model whatever was asked',
    request: { ...storyboardRequest, style: 'news', references: [image] },
    prepared: uploaded,
    path: 'nf/create/storyboard',
    body:
      '{"kind":"video","prompt":"current timeline:\\nShot 1:\\nduration: 5.0sec\\nScene: a jump\\n\\nShot 2:\\nduration: 5sec\\n' +
      'Scene: land\\n\\ninstructions:\\nIntro","title":"Draft your video","orientation":"portrait","size":"small",' +
      '"n_frames":450,"storyboard_id":null,"inpaint_items":[{"kind":"upload","upload_id":"media_1"}],' +
      '"remix_target_id":null,"model":"sy_8","metadata":null,"style_id":"news","cameo_ids":null,' +
      '"cameo_replacements":null,"audio_caption":null,"audio_transcript":null,"video_caption":null}',
    profile: 'proven',
  },
  {
    name: 'extension',
    request: extensionRequest,
    path: `project_y/profile/drafts/${draftId}/long_video_extension`,
    body: '{"user_prompt":"a meteor shower","extension_duration_s":15,"enable_rewrite":true}',
    profile: 'proven',
  },
  {
    name: 'video with a character',
    request: { ...characterVideoRequest, style: 'retro' },
    step: 3,
    carried: { username: 'fox512', cameoId: 'cameo_1', characterId: 'char_1' },
    path: 'nf/create',
    body: plain('@fox512 dances in the rain', '[]', '"retro"'),
    profile: 'create',
  },
  {
    name: 'publishing',
    request: ownRemixRequest,
    path: 'project_y/post',
    body: `{"attachments_to_create":[{"generation_id":"${draftId}","kind":"sora"}],"post_text":""}`,
    profile: 'proven',
    answer: { post: { id: shareId } },
  },
  {
    name: 'enhancement',
    request: enhanceRequest,
    path: 'editor/enhance_prompt',
    body: '{"prompt":"a cat","expansion_level":"long","duration_s":20}',
    profile: 'app',
    answer: { enhanced_prompt: 'A cat, in detail' },
  },
  {
    name: 'character of a finished video',
    request: { ...characterRequest, references: [], parent: { type: 'draft', id: draftId } },
    path: 'characters/from-generation',
    body: `{"generation_id":"${draftId}","character_id":null,"timestamps":[0,3]}`,
    profile: 'app',
    answer: { id: 'cameo_1' },
  },
];

const submit = (each: Case, changes: Partial<SubmitContext> = {}) => {
  upstream.on(`POST /backend/${each.path}`, { body: each.answer ?? { id: 'task_1' } });
  const { step = 1, carried = null } = each;
  const context = createContext(upstream.url, { step, carried, ...changes });
  return provider.submit(each.request, each.prepared ?? null, context);
};

describe.each(cases)('$name', (each) => {
  test('sends exactly this body', async () => {
    await submit(each);
    expect(upstream.requestsTo(`/backend/${each.path}`).map(({ body }) => body)).toEqual([each.body]);
  });

  test('sends its header profile, with a proof where one is asked for and nowhere else', async () => {
    await submit(each);
    const { headers } = upstream.requestsTo(`/backend/${each.path}`)[0]!;
    expect(headers).toMatchObject({
      authorization: 'Bearer access-token-of-ada',
      'content-type': 'application/json',
      'user-agent': pickClientProfile(tokenId).appUserAgent,
    });
    expect(headers['openai-sentinel-token'] === undefined).toBe(each.profile === 'app');
    expect(headers.origin).toBe(each.profile === 'create' ? 'https://sora.chatgpt.com' : undefined);
    expect(headers.referer).toBe(each.profile === 'create' ? 'https://sora.chatgpt.com/' : undefined);
  });

  test('commits once, right before the one request that counts', async () => {
    const beforeSend = async () => {
      upstream.log.push('beforeSend');
      return { commitStartedAt: performance.now(), freshMs: 5_000 };
    };
    await submit(each, { beforeSend });
    const counted = ['beforeSend', `POST /backend/${each.path}`];
    expect(upstream.log).toEqual(each.profile === 'app' ? counted : [sentinel, ...counted]);
  });

  test('is prepared without a refusal', async () => {
    upstream.on('POST /backend/uploads', { body: { id: 'media_1' } });
    const { step = 1, carried = null } = each;
    const context = createContext(upstream.url, { step, carried, settings: { publishForRemix: 1 } });
    await expect(provider.prepare(each.request, context)).resolves.toEqual(each.prepared ?? null);
  });
});

test('says of every task on which list it shows', async () => {
  const operations = await Promise.all(cases.map(async (each) => [each.name, (await submit(each)).operation.data]));
  expect(Object.fromEntries(operations)).toMatchObject({
    'text to image': { type: 'image' },
    'image to image': { type: 'image' },
    'remix of a share': { type: 'video' },
    extension: { type: 'video' },
    'storyboard with an image, of the standard model whatever was asked': { type: 'video' },
    'video with a character': { type: 'video' },
  });
});

describe('publishing', () => {
  const publish = cases.find(({ name }) => name === 'publishing')!;

  test('names the post twice: for the remix, and for its removal however that ends', async () => {
    expect(await submit(publish)).toEqual({
      operation: { id: `post:${shareId}`, data: { type: 'post', postId: shareId } },
      litter: [{ kind: 'post', reference: { postId: shareId } }],
    });
  });

  test('is refused where the operator does not allow it, before anything is sent', async () => {
    const prepare = provider.prepare(
      ownRemixRequest,
      createContext(upstream.url, { settings: { publishForRemix: 0 } }),
    );
    await expect(prepare).rejects.toMatchObject({ code: 'remix_needs_publishing', fault: 'client' });
    expect(upstream.log).toEqual([]);
  });

  test('without an id of the post is an unknown outcome', async () => {
    await expect(submit({ ...publish, answer: { post: { id: '' } } })).rejects.toMatchObject({
      submitClass: 'unknown',
    });
  });

  test('goes on to the remix without another call', async () => {
    const { operation } = await submit(publish);
    const { outcomes } = await provider.poll([operation], createContext(upstream.url));
    expect(outcomes.get(operation.id)).toEqual({ state: 'next', operation, carried: { postId: shareId } });
  });
});

describe('enhancement', () => {
  const enhance = cases.find(({ name }) => name === 'enhancement')!;

  test('gives the text as it came, under an id of its own, without another call', async () => {
    const { operation } = await submit({ ...enhance, answer: { enhanced_prompt: ' A cat…\n' } });
    expect(operation.id).toMatch(/^text:[0-9a-f-]{36}$/);
    const { outcomes } = await provider.poll([operation], createContext(upstream.url));
    expect(outcomes.get(operation.id)).toEqual({ state: 'done', operation, media: [], text: ' A cat…\n' });
    expect(upstream.log).toHaveLength(1);
  });

  test.each([{}, { enhanced_prompt: null }, { enhanced_prompt: ' ' }])(
    'of nothing is a failure: %j',
    async (answer) => {
      await expect(submit({ ...enhance, answer })).rejects.toMatchObject({
        code: 'upstream_failed',
        submitClass: 'refused',
      });
    },
  );
});
