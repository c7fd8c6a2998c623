/**
 * Every workflow of the Sora provider against the simulator, which shares no code with it: real HTTP client, real proof of work, and a
 * body that is refused if a key is wrong. Each is taken through plan, prepare, submit and poll as the worker does.
 */
import { createHash } from 'node:crypto';
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { type MediaFacts, measure } from '../support/media.js';
import type { ImageFormat } from '../support/samples.js';
import type { LedgerSubmit } from '../support/simulator.js';
import { SoraDriver } from '../support/sora-driver.js';
import { enhanceRequest, imageRequest, videoRequest } from '../support/sora-requests.js';
import { doneOf, madeVideo, measured, withImage } from '../support/sora-results.js';

const shareId = `s_${'0123456789abcdef'.repeat(2)}`;
let sora: SoraDriver;
beforeAll(async () => {
  sora = await SoraDriver.start('workflows');
});
afterAll(() => sora?.stop());
beforeEach(() => sora.reset());

async function onlySubmit(): Promise<LedgerSubmit> {
  const submits = await sora.simulator.submits();
  expect(submits).toHaveLength(1);
  return submits[0]!;
}

const plainBody = {
  kind: 'video',
  prompt: 'a fox in the rain',
  orientation: 'landscape',
  size: 'small',
  n_frames: 300,
  model: 'sy_8',
  inpaint_items: [],
  style_id: null,
};

describe('one step', () => {
  test.each<[string, Partial<GenerationRequest>, object, Partial<MediaFacts>]>([
    ['landscape', {}, {}, { width: 640, height: 360, durationMs: 10_000 }],
    [
      'portrait of 15 s in a style',
      { orientation: 'portrait', frames: 450, seconds: 15, style: 'retro' },
      { orientation: 'portrait', n_frames: 450, style_id: 'retro' },
      { width: 360, height: 640, durationMs: 15_000 },
    ],
    [
      'Pro of 25 s',
      { frames: 750, seconds: 25, upstream: { model: 'sy_ore', size: 'small' } },
      { n_frames: 750, model: 'sy_ore' },
      { width: 640, height: 360, durationMs: 25_000 },
    ],
    [
      'Pro HD',
      { upstream: { model: 'sy_ore', size: 'large' } },
      { model: 'sy_ore', size: 'large' },
      { width: 1280, height: 720, durationMs: 10_000 },
    ],
  ])('text to video: %s', async (_name, changes, body, facts) => {
    await sora.use('pro@simulator.test');
    const run = await sora.run(videoRequest('a fox in the rain', changes));
    expect(run.steps.map(({ plan }) => plan)).toEqual([{ name: 'create', reconcile: 'elimination' }]);
    const { taskId, generationId, body: arrived } = await onlySubmit();
    expect(arrived).toEqual({ ...plainBody, ...body });
    const { operation } = doneOf(run);
    expect(operation).toEqual({ id: taskId, draftId: generationId, data: { type: 'video' } });
    expect(await measured(run)).toMatchObject({ type: 'video/mp4', contentType: 'video/mp4', ...facts });
    expect(run.litter).toEqual([]);
  });

  test('a finished video can be asked for fresh addresses', async () => {
    const { operation } = doneOf(await sora.run(videoRequest('twice')));
    const [fresh] = await sora.provider.media(operation, sora.context());
    expect((await measure(fresh?.url ?? '')).type).toBe('video/mp4');
  });

  test.each<ImageFormat>(['png', 'jpeg', 'webp'])('image to video: %s', async (format) => {
    const { bytes, image } = await withImage(sora, format);
    const run = await sora.run(videoRequest('a fox in the rain', { references: [image] }));
    const { uploads, submits } = await sora.simulator.ledger();
    expect(uploads).toHaveLength(1);
    expect(uploads[0]).toMatchObject({
      purpose: 'image',
      contentType: `image/${format}`,
      declaredType: `image/${format}`,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      fields: { file_name: uploads[0]?.fileName },
    });
    const inpaint_items = [{ kind: 'upload', upload_id: uploads[0]?.id }];
    expect(submits.map(({ body }) => body)).toEqual([{ ...plainBody, inpaint_items }]);
    expect((await measured(run)).type).toBe('video/mp4');
  });

  test('text to image', async () => {
    const run = await sora.run(imageRequest('a red tram'));
    expect((await onlySubmit()).body).toEqual({
      type: 'image_gen',
      operation: 'simple_compose',
      prompt: 'a red tram',
      width: 360,
      height: 540,
      n_variants: 1,
      n_frames: 1,
      inpaint_items: [],
    });
    expect(doneOf(run).operation.data).toEqual({ type: 'image' });
    expect(await measured(run)).toMatchObject({ type: 'image/png', width: 360, height: 540 });
    const [fresh] = await sora.provider.media(doneOf(run).operation, sora.context());
    expect((await measure(fresh?.url ?? '')).type).toBe('image/png');
  });

  test.each<ImageFormat>(['png', 'jpeg', 'webp'])('image to image: %s', async (format) => {
    const { image } = await withImage(sora, format);
    const run = await sora.run(imageRequest('a red tram', { references: [image] }));
    const { uploads, submits } = await sora.simulator.ledger();
    expect(uploads.map(({ contentType }) => contentType)).toEqual([`image/${format}`]);
    expect(submits[0]?.body).toMatchObject({
      operation: 'remix',
      inpaint_items: [{ type: 'image', frame_index: 0, upload_media_id: uploads[0]?.id }],
    });
    expect((await measured(run)).type).toBe('image/png');
  });

  test('remix of a public clip', async () => {
    const parent = { type: 'share' as const, id: shareId };
    const run = await sora.run(videoRequest('make it snow', { workflow: 'remix', parent, style: 'anime' }));
    expect(run.steps.map(({ plan }) => plan.name)).toEqual(['create']);
    const { kind, body } = await onlySubmit();
    expect(kind).toBe('remix');
    expect(body).toEqual({
      kind: 'video',
      prompt: 'make it snow',
      inpaint_items: [],
      remix_target_id: shareId,
      cameo_ids: [],
      cameo_replacements: {},
      model: 'sy_8',
      orientation: 'landscape',
      n_frames: 300,
      style_id: 'anime',
    });
    expect((await measured(run)).type).toBe('video/mp4');
  });

  const shots = [
    { seconds: '5.0', scene: 'the cat jumps' },
    { seconds: '5', scene: 'the cat lands' },
  ];
  const timeline = 'Shot 1:\nduration: 5.0sec\nScene: the cat jumps\n\nShot 2:\nduration: 5sec\nScene: the cat lands';
  test.each([
    ['with an instruction', 'A cat.', `current timeline:\n${timeline}\n\ninstructions:\nA cat.`],
    ['without one', '', timeline],
  ])('storyboard %s', async (_name, instructions, prompt) => {
    const { image } = await withImage(sora, 'png');
    const storyboard = { instructions, shots };
    const run = await sora.run(videoRequest('as written', { workflow: 'storyboard', storyboard, references: [image] }));
    const { kind, body, uploads } = await onlySubmit();
    expect(kind).toBe('storyboard');
    expect(Object.keys(body)).toHaveLength(17);
    expect(body).toMatchObject({ prompt, inpaint_items: [{ kind: 'upload', upload_id: uploads[0] }] });
    expect((await measured(run)).durationMs).toBe(10_000);
  });

  test.each([10, 15])('extension of an own video by %i s is the whole of both', async (seconds) => {
    const parent = { type: 'draft' as const, id: await madeVideo(sora) };
    const extension = { workflow: 'extension' as const, parent, seconds, frames: seconds * 30 };
    const run = await sora.run(videoRequest('a meteor shower', extension));
    const { kind, parent: extended, body } = (await sora.simulator.submits())[1]!;
    expect({ kind, extended }).toEqual({ kind: 'extension', extended: parent.id });
    expect(body).toEqual({ user_prompt: 'a meteor shower', extension_duration_s: seconds, enable_rewrite: true });
    expect((await measured(run)).durationMs).toBe(10_000 + seconds * 1_000);
  });

  test("an extension of another account's video is the client's mistake", async () => {
    const parent = { type: 'draft' as const, id: await madeVideo(sora) };
    await sora.use('pro@simulator.test');
    const request = videoRequest('more', { workflow: 'extension', parent });
    await expect(sora.submitStep(request)).rejects.toMatchObject({ submitClass: 'refused', fault: 'client' });
  });

  test.each([
    ['short', 10],
    ['short', 15],
    ['short', 20],
    ['medium', 10],
    ['medium', 15],
    ['medium', 20],
    ['long', 10],
    ['long', 15],
    ['long', 20],
  ] as const)('enhancement: %s, %i s; its text is there without another call', async (level, seconds) => {
    const { plan, submitted } = await sora.submitStep(enhanceRequest('a cat', { level, seconds }));
    expect(plan).toEqual({ name: 'enhance', reconcile: 'repeat' });
    const { enhancements, calls } = await sora.simulator.ledger();
    const [{ enhancedPrompt, ...asked }] = enhancements as [(typeof enhancements)[number]];
    expect(asked).toMatchObject({ prompt: 'a cat', level, durationSeconds: seconds });
    expect(submitted.operation.id).toMatch(/^text:/);
    const outcome = await sora.pollOne(submitted.operation);
    expect(outcome).toMatchObject({ state: 'done', media: [], text: enhancedPrompt });
    expect((await sora.simulator.ledger()).calls).toEqual(calls);
  });
});

describe('remix of an own video', () => {
  const remixOf = (draft: string, prompt = 'make it snow') =>
    videoRequest(prompt, { workflow: 'remix', parent: { type: 'draft', id: draft } });

  test('is published, remixed and taken back', async () => {
    sora.settings.publishForRemix = 1;
    const draft = await madeVideo(sora);
    const run = await sora.run(remixOf(draft));
    expect(run.steps.map(({ plan }) => plan)).toEqual([
      { name: 'publish', reconcile: 'none' },
      { name: 'create', reconcile: 'elimination' },
    ]);
    const { posts, submits } = await sora.simulator.ledger();
    expect(posts).toHaveLength(1);
    const [post] = posts;
    expect(post).toMatchObject({ generationId: draft, deletedAt: null });
    expect(submits[1]).toMatchObject({ kind: 'remix', parent: post?.id });
    expect(run.steps[0]?.submitted.operation.id).toBe(`post:${post?.id}`);
    expect(run.litter).toEqual([{ kind: 'post', reference: { postId: post?.id } }]);

    await sora.cleanUp(run.litter);
    expect((await sora.simulator.ledger()).posts[0]?.deletedAt).toEqual(expect.any(Number));
    // A second time, as after a crash, it is gone already.
    await sora.cleanUp(run.litter);
  });

  test('is taken back when the remix was refused, too', async () => {
    sora.settings.publishForRemix = 1;
    const run = await sora.run(remixOf(await madeVideo(sora), '[sim:violation] no'));
    expect(run.outcome).toMatchObject({ state: 'refused', error: { code: 'content_policy_violation' } });
    await sora.cleanUp(run.litter);
    expect((await sora.simulator.ledger()).posts.map(({ deletedAt }) => deletedAt)).toEqual([expect.any(Number)]);
  });

  test('is refused before anything is sent where publishing is not allowed', async () => {
    const draft = await madeVideo(sora);
    await expect(sora.submitStep(remixOf(draft))).rejects.toMatchObject({ code: 'remix_needs_publishing' });
    expect((await sora.simulator.ledger()).posts).toEqual([]);
  });
});

test('an account keeps its user agent from one submit to the next', async () => {
  await sora.submitStep(videoRequest('one'));
  await sora.submitStep(imageRequest('two'));
  expect(new Set((await sora.simulator.submits()).map(({ userAgent }) => userAgent)).size).toBe(1);
});
