/**
 * Every workflow and every model through chat completions: what arrived upstream, key by key, and what came out, measured.
 * Source of the bodies: the protocol of the Sora web backend, which the simulator also checks for itself.
 *
 * @slow
 */
import { models } from '@reelay/contracts/models';
import { ask, type ChatOutcome, chat, mediaUrls } from '../support/chat.js';
import { type MediaFacts, measure } from '../support/media.js';
import { dataUri, sampleImage } from '../support/samples.js';
import { type LedgerEntry, Stack } from '../support/stack.js';
import { remixBody, storyboardBody, videoBody } from '../support/upstream-bodies.js';

interface Submit extends LedgerEntry {
  kind: string;
  endpoint: string;
  body: Record<string, unknown>;
}

let stack: Stack;
let imageUri: string;
let videoUri: string;
/** A finished video of ours, to be remixed, extended and made a character of. */
let own: { id: string; video: Buffer };
beforeAll(async () => {
  stack = await Stack.start({
    renderMs: 500,
    settings: { 'poll.minimumMs': 150, 'token.unlimitedSlots': 50 },
  });
  imageUri = dataUri('image/png', await sampleImage('png'));
  const made = await ask(stack, 'sora2-landscape-10s', 'the first of all');
  const [url = ''] = mediaUrls(made.content);
  const id = /"id":"(chatcmpl-[^"]+)"/.exec(made.text)?.[1] ?? '';
  own = { id, video: Buffer.from(await (await fetch(url)).arrayBuffer()) };
  videoUri = dataUri('video/mp4', own.video);
}, 180_000);
afterAll(() => stack?.stop());

async function submitOf(prompt: string): Promise<Submit> {
  const [submit, ...more] = (await stack.submitsOf(prompt)) as Submit[];
  if (!submit || more.length > 0) throw new Error(`${more.length + (submit ? 1 : 0)} submits of "${prompt}"`);
  return submit;
}

const succeeded = (answer: ChatOutcome): void => {
  expect(answer.error).toBeUndefined();
  expect(answer).toMatchObject({ status: 200, finishReason: 'stop', lastLine: 'data: [DONE]', roles: ['assistant'] });
};

const mediaId = expect.stringMatching(/^\S+$/);
const shareId = 's_68e3a06dcd888191b150971da152c1f5';
const share = `https://sora.chatgpt.com/p/${shareId}`;
const landscape = { type: 'video/mp4', contentType: 'video/mp4', width: 640, height: 360, durationMs: 10_000 };
const image = (text: string) => [
  { type: 'text', text },
  { type: 'image_url', image_url: { url: imageUri } },
];

interface Row {
  name: string;
  model: string;
  /** What the client writes, and what of it the upstream is given as prompt. */
  content: () => unknown;
  prompt: string;
  endpoint: string;
  body: Record<string, unknown>;
  media: Partial<MediaFacts>;
}

const storyboard =
  'Shot 1:\nduration: 5.0sec\nScene: a cat jumps from a plane\n\nShot 2:\nduration: 5.0sec\nScene: the cat lands';

const quickReference: Row[] = [
  {
    name: 'text to image',
    model: 'gpt-image',
    content: () => 'a kitten',
    prompt: 'a kitten',
    endpoint: 'video_gen',
    body: {
      ...{ type: 'image_gen', operation: 'simple_compose', prompt: 'a kitten', width: 360, height: 360 },
      ...{ n_variants: 1, n_frames: 1, inpaint_items: [] },
    },
    media: { type: 'image/png', width: 360, height: 360 },
  },
  {
    name: 'image to image',
    model: 'gpt-image-portrait',
    content: () => image('as an oil painting'),
    prompt: 'as an oil painting',
    endpoint: 'video_gen',
    body: {
      ...{ type: 'image_gen', operation: 'remix', prompt: 'as an oil painting', width: 360, height: 540 },
      ...{ n_variants: 1, n_frames: 1 },
      inpaint_items: [{ type: 'image', frame_index: 0, upload_media_id: mediaId }],
    },
    media: { type: 'image/png', width: 360, height: 540 },
  },
  {
    name: 'text to video',
    model: 'sora2-landscape-10s',
    content: () => 'a kitten runs over a meadow',
    prompt: 'a kitten runs over a meadow',
    endpoint: 'create',
    body: videoBody({ prompt: 'a kitten runs over a meadow' }),
    media: landscape,
  },
  {
    name: 'image to video',
    model: 'sora2-portrait-15s',
    content: () => image('this cat dances'),
    prompt: 'this cat dances',
    endpoint: 'create',
    body: videoBody({
      ...{ prompt: 'this cat dances', orientation: 'portrait', n_frames: 450 },
      inpaint_items: [{ kind: 'upload', upload_id: mediaId }],
    }),
    media: { ...landscape, width: 360, height: 640, durationMs: 15_000 },
  },
  {
    name: 'a style, and other braces and line breaks kept',
    model: 'sora2-landscape-10s',
    content: () => '{Anime}a kitten with {two}\nblue eyes',
    prompt: 'a kitten with {two}\nblue eyes',
    endpoint: 'create',
    body: videoBody({ prompt: 'a kitten with {two}\nblue eyes', style_id: 'anime' }),
    media: landscape,
  },
  {
    name: 'a remix of a share link, with a style at the end',
    model: 'sora2-landscape-10s',
    content: () => `${share}as an ink drawing {comic}`,
    prompt: 'as an ink drawing',
    endpoint: 'create',
    body: remixBody({ prompt: 'as an ink drawing', remix_target_id: shareId, style_id: 'comic' }),
    media: landscape,
  },
  {
    name: 'a remix of a bare share id in the middle of the prompt',
    model: 'sora2-portrait-10s',
    content: () => `make ${shareId} slower`,
    prompt: 'make slower',
    endpoint: 'create',
    body: remixBody({ prompt: 'make slower', remix_target_id: shareId, orientation: 'portrait' }),
    media: { ...landscape, width: 360, height: 640 },
  },
  {
    name: 'a storyboard in one line',
    model: 'sora2-landscape-15s',
    content: () => '[5.0s]a cat jumps from a plane [5.0s]the cat lands',
    prompt: storyboard,
    endpoint: 'storyboard',
    body: storyboardBody({ prompt: storyboard, n_frames: 450 }),
    media: { ...landscape, durationMs: 15_000 },
  },
  {
    name: 'a storyboard in lines with an instruction, a style and an image',
    model: 'sora2-landscape-10s',
    content: () => image('Be quick\n{retro}\n[5.0s]a dog jumps\n[5s]the dog lands'),
    prompt:
      'current timeline:\nShot 1:\nduration: 5.0sec\nScene: a dog jumps\n\nShot 2:\nduration: 5sec\nScene: the dog lands\n\ninstructions:\nBe quick',
    endpoint: 'storyboard',
    body: storyboardBody({
      prompt:
        'current timeline:\nShot 1:\nduration: 5.0sec\nScene: a dog jumps\n\nShot 2:\nduration: 5sec\nScene: the dog lands\n\ninstructions:\nBe quick',
      style_id: 'retro',
      inpaint_items: [{ kind: 'upload', upload_id: mediaId }],
    }),
    media: landscape,
  },
];

describe('every row of the quick reference', () => {
  test.concurrent.each(quickReference)('$name', async ({ model, content, prompt, endpoint, body, media }) => {
    const answer = await ask(stack, model, content());
    succeeded(answer);
    const submit = await submitOf(prompt);
    expect(submit.endpoint).toBe(endpoint);
    expect(submit.body).toEqual(body);
    const urls = mediaUrls(answer.content);
    expect(urls).toHaveLength(1);
    expect(await measure(urls[0] ?? '')).toMatchObject(media);
  });

  test.concurrent.each(['festive', 'kakalaka', 'news', 'selfie', 'handheld', 'golden', 'nostalgic'])(
    'the style %s',
    async (style) => {
      succeeded(await ask(stack, 'sora2-landscape-10s', `a street at night in ${style} {${style}}`));
      expect((await submitOf(`a street at night in ${style}`)).body).toMatchObject({ style_id: style });
    },
  );

  test.concurrent('an extension goes to the account that has the video, and is as much longer', async () => {
    const answer = await ask(stack, 'sora2-extension-15s', `${own.id} a meteor shower`);
    succeeded(answer);
    const submit = await submitOf('a meteor shower');
    const [first] = (await stack.submitsOf('the first of all')) as Submit[];
    expect(submit).toMatchObject({ endpoint: 'extension', account: first?.account });
    expect(submit.body).toEqual({ user_prompt: 'a meteor shower', extension_duration_s: 15, enable_rewrite: true });
    const [url = ''] = mediaUrls(answer.content);
    expect(await measure(url)).toMatchObject({ type: 'video/mp4', durationMs: 25_000 });
  });

  test.concurrent('an own video is remixed only where that is allowed, and is not left public', async () => {
    const refused = await ask(stack, 'sora2-landscape-10s', `${own.id} in the rain`);
    expect(refused).toMatchObject({ status: 400, error: { code: 'remix_needs_publishing' } });
    await stack.sql(`INSERT INTO setting (key, value) VALUES ('sora.publishForRemix', 'true')`);
    // Every process reads the settings anew within seconds; until the last one has, it may be refused.
    const again = () => ask(stack, 'sora2-landscape-10s', `${own.id} in the rain`);
    const answer = await until(again, ({ error }) => error === undefined);
    succeeded(answer);
    const { body } = await submitOf('in the rain');
    expect(body).toMatchObject({ remix_target_id: expect.stringMatching(/^s_[0-9a-f]{32}$/) });
    await litterIsGone();
    const { posts } = await stack.simulator<{ posts: { deletedAt: number | null }[] }>('ledger');
    expect(posts.length).toBeGreaterThan(0);
    expect(posts.every(({ deletedAt }) => deletedAt !== null)).toBe(true);
  }, 90_000);
});

describe('characters', () => {
  const character = () => [{ type: 'video_url', video_url: { url: videoUri } }];

  test.concurrent('a character alone: its name is the answer, its picture is kept, it is made public', async () => {
    const answer = await ask(stack, 'sora2-landscape-10s', character());
    succeeded(answer);
    const name = /^角色创建成功，角色名@([a-z0-9_.]+)$/.exec(answer.content)?.[1];
    const characters = await charactersOf(name);
    expect(characters).toEqual([expect.objectContaining({ visibility: 'public', deletedAt: null })]);
  });

  test.concurrent.each([
    ['from a video', () => character()],
    ['from one of our own ids', () => own.id],
  ])('avatar-create %s answers with a card', async (_name, content) => {
    const answer = await ask(stack, 'avatar-create', content());
    succeeded(answer);
    const [line = ''] = answer.content.split('\n');
    const { card } = JSON.parse(line) as { card: Record<string, string> };
    expect(card).toMatchObject({ source_model: 'avatar-create', public: true, character_id: expect.any(String) });
    expect(answer.content).toContain(`角色创建成功，角色名@${card.username}`);
    expect(await measure(card.profile_asset_url ?? '')).toMatchObject({ type: 'image/webp', width: 512, height: 512 });
  });

  test.concurrent('a character in a video: made, used, and removed', async () => {
    const answer = await ask(stack, 'sora2-landscape-10s', [
      ...character(),
      { type: 'text', text: 'it dances {news}' },
    ]);
    succeeded(answer);
    const { name, submit } = await submitWithName(/^@([a-z0-9_.]+) it dances$/);
    expect(submit.body).toEqual(videoBody({ prompt: `@${name} it dances`, style_id: 'news' }));
    const [url = ''] = mediaUrls(answer.content);
    expect(await measure(url)).toMatchObject(landscape);
    await litterIsGone();
    expect(await charactersOf(name)).toEqual([expect.objectContaining({ deletedAt: expect.any(Number) })]);
  }, 60_000);

  test.concurrent('a character in a video that fails is removed all the same', async () => {
    const answer = await ask(stack, 'sora2-landscape-10s', [
      ...character(),
      { type: 'text', text: 'something forbidden [sim:violation]' },
    ]);
    expect(answer.error).toMatchObject({ code: 'content_policy_violation' });
    await litterIsGone();
    const { name } = await submitWithName(/^@([a-z0-9_.]+) something forbidden/);
    expect(await charactersOf(name)).toEqual([expect.objectContaining({ deletedAt: expect.any(Number) })]);
  }, 60_000);
});

describe('every model', () => {
  const seconds = (id: string) => Number(/(\d+)s$/.exec(id)?.[1]);
  const videos = models.filter(({ workflow }) => workflow === 'video').map(({ id }) => id);

  test('there are the 31 of sora2api', () => {
    expect(models).toHaveLength(31);
  });

  test.concurrent.each(videos)('%s', async (id) => {
    const answer = await ask(stack, id, `a ship, by ${id}`);
    succeeded(answer);
    const isPortrait = id.includes('portrait');
    const isHd = id.includes('-hd-');
    const [long, short] = isHd ? [1280, 720] : [640, 360];
    const { body, account } = (await submitOf(`a ship, by ${id}`)) as Submit;
    expect(body).toEqual({
      ...videoBody({ prompt: `a ship, by ${id}`, orientation: isPortrait ? 'portrait' : 'landscape' }),
      size: isHd ? 'large' : 'small',
      model: id.startsWith('sora2pro') ? 'sy_ore' : 'sy_8',
      n_frames: seconds(id) * 30,
    });
    if (id.startsWith('sora2pro') || seconds(id) === 25) expect(account).toBe('pro@simulator.test');
    const [url = ''] = mediaUrls(answer.content);
    expect(await measure(url)).toMatchObject({
      type: 'video/mp4',
      width: isPortrait ? short : long,
      height: isPortrait ? long : short,
      durationMs: seconds(id) * 1_000,
    });
  });

  test.concurrent.each([
    ['gpt-image', 360, 360],
    ['gpt-image-landscape', 540, 360],
    ['gpt-image-portrait', 360, 540],
  ])('%s', async (id, width, height) => {
    const answer = await ask(stack, id, `a tree, by ${id}`);
    succeeded(answer);
    expect((await submitOf(`a tree, by ${id}`)).body).toMatchObject({ width, height });
    const [url = ''] = mediaUrls(answer.content);
    expect(await measure(url)).toMatchObject({ type: 'image/png', contentType: 'image/png', width, height });
  });

  test.concurrent('sora2-extension-10s', async () => {
    succeeded(await ask(stack, 'sora2-extension-10s', `rain sets in ${own.id}`));
    expect((await submitOf('rain sets in')).body).toMatchObject({ extension_duration_s: 10 });
  });

  test.concurrent.each(models.filter(({ kind }) => kind === 'enhance').map(({ id }) => id))('%s', async (id) => {
    const [, level, duration] = /^prompt-enhance-(\w+)-(\d+)s$/.exec(id) ?? [];
    const prompt = `a cat, by ${id}`;
    const streamed = await ask(stack, id, prompt);
    succeeded(streamed);
    const whole = await chat(stack, { model: id, messages: [{ role: 'user', content: prompt }], stream: false });
    expect(whole).toMatchObject({ status: 200, content: streamed.content, finishReason: 'stop' });
    for (const heading of ['PRIMARY', 'SETTING', 'LOOK', 'CAMERA', 'LIGHT']) expect(whole.content).toContain(heading);
    const { enhancements } = await stack.simulator<{ enhancements: { body: Record<string, unknown> }[] }>('ledger');
    const asked = enhancements.map(({ body }) => body).filter((body) => body.prompt === prompt);
    expect(asked).toEqual(Array(2).fill({ prompt, expansion_level: level, duration_s: Number(duration) }));
  });
});

test.concurrent('without streaming, a video and an image are waited for', async () => {
  const [video, picture] = await Promise.all([
    chat(stack, { model: 'sora2-landscape-10s', messages: [{ role: 'user', content: 'a video in one piece' }] }),
    chat(stack, { model: 'gpt-image', messages: [{ role: 'user', content: 'an image in one piece' }] }),
  ]);
  expect(mediaUrls(video.content)).toHaveLength(1);
  expect(picture.content).toMatch(/^!\[Generated Image\]\(http\S+\)$/);
});

interface CharacterRecord {
  id: string;
  finalization: { username: string } | null;
  visibility: string;
  deletedAt: number | null;
}

async function charactersOf(username: string | undefined): Promise<CharacterRecord[]> {
  const { characters } = await stack.simulator<{ characters: CharacterRecord[] }>('ledger');
  return characters.filter(({ finalization }) => finalization?.username === username);
}

/** The one submit whose prompt begins with a character of ours, and what that is called. */
async function submitWithName(pattern: RegExp): Promise<{ name: string; submit: Submit }> {
  const { submits } = await stack.simulator<{ submits: Submit[] }>('ledger');
  const [found, ...more] = submits.flatMap((submit) => {
    const name = pattern.exec(submit.prompt)?.[1];
    return name === undefined ? [] : [{ name, submit }];
  });
  if (!found || more.length > 0) throw new Error(`not one submit with a prompt like ${pattern}`);
  return found;
}

async function litterIsGone(): Promise<void> {
  const left = () =>
    stack.sql<{ id: string }>(`SELECT id FROM upstream_litter WHERE done_at IS NULL AND kind <> 'late_answer'`);
  await until(left, (rows) => rows.length === 0);
}

async function until<Value>(look: () => Promise<Value>, isGood: (value: Value) => boolean): Promise<Value> {
  const giveUpAt = performance.now() + 45_000;
  for (;;) {
    const value = await look();
    if (isGood(value)) return value;
    if (performance.now() > giveUpAt) throw new Error(`still ${JSON.stringify(value).slice(0, 500)}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
