import fc from 'fast-check';
import { isAppError } from '../errors.js';
import { type GenerationRequest, generationRequestSchema } from '../generation-request.js';
import { getModel, models } from '../models.js';
import { planRequest } from './plan-request.js';
import type { PlannedParent } from './planned-request.js';
import type { MediaInput, RequestInput } from './request-input.js';

const image: MediaInput = { kind: 'image', source: 'data:', param: 'an image' };
const video: MediaInput = { kind: 'video', source: 'data:', param: 'a video' };
const share = `s_${'0a'.repeat(16)}`;
const ulid = '01JD0000000000000000000000';
const draft = 'gen_01abcdefghijklmnopqrstuvwx';
const ownMention: PlannedParent = { type: 'mention', kind: 'own', id: ulid, param: 'messages' };
const draftMention: PlannedParent = { type: 'mention', kind: 'draft', id: draft, param: 'messages' };

const plan = (model: string, prompt: string, media: MediaInput[] = [], more: Partial<RequestInput> = {}) =>
  planRequest(getModel(model), { prompt, promptParam: 'messages', media, ...more });
const remixTarget = (text: string) => ({ remixTarget: { text, param: 'remix_target_id' } });

const landscape = 'sora2-landscape-10s';
const extension = 'sora2-extension-15s';
const enhance = 'prompt-enhance-long-20s';

test.each<[string, string, string, MediaInput[], Partial<GenerationRequest>, PlannedParent | undefined]>([
  [
    'text to image',
    'gpt-image-portrait',
    'a cat',
    [],
    { kind: 'image', workflow: 'image', width: 360, height: 540, frames: 1, prompt: 'a cat' },
    undefined,
  ],
  [
    'image to image',
    'gpt-image',
    'in oil {anime}',
    [image],
    { kind: 'image', workflow: 'image', prompt: 'in oil {anime}' },
    undefined,
  ],
  [
    'text to video',
    landscape,
    'a fox',
    [],
    { kind: 'video', workflow: 'video', seconds: 10, frames: 300, prompt: 'a fox' },
    undefined,
  ],
  [
    'image to video',
    'sora2pro-hd-portrait-15s',
    'it dances',
    [image],
    { workflow: 'video', orientation: 'portrait', upstream: { model: 'sy_ore', size: 'large' } },
    undefined,
  ],
  ['a style', landscape, '{ Anime }a fox', [], { workflow: 'video', prompt: 'a fox', style: 'anime' }, undefined],
  [
    'a style and an image',
    landscape,
    'a fox {retro}',
    [image],
    { workflow: 'video', prompt: 'a fox', style: 'retro' },
    undefined,
  ],
  [
    'a link',
    landscape,
    `https://sora.chatgpt.com/p/${share}in ink`,
    [],
    { workflow: 'remix', prompt: 'in ink' },
    { type: 'share', id: share },
  ],
  [
    'a style and a link',
    landscape,
    `{comic}https://sora.chatgpt.com/p/${share} in ink`,
    [],
    { workflow: 'remix', prompt: 'in ink', style: 'comic' },
    { type: 'share', id: share },
  ],
  [
    'shots beside a clip, which stay text',
    landscape,
    `${share} [5s]a [5s]b`,
    [],
    { workflow: 'remix', prompt: '[5s]a [5s]b' },
    { type: 'share', id: share },
  ],
  ['an id of ours', landscape, `chatcmpl-${ulid} in ink`, [], { workflow: 'remix', prompt: 'in ink' }, ownMention],
  [
    'shots',
    landscape,
    'Intro\n[5.0s]a jump [5s]land',
    [],
    {
      workflow: 'storyboard',
      storyboard: {
        instructions: 'Intro',
        shots: [
          { seconds: '5.0', scene: 'a jump' },
          { seconds: '5', scene: 'land' },
        ],
      },
    },
    undefined,
  ],
  [
    'shots with an image and a style',
    landscape,
    '{news}[5s]a',
    [image],
    { workflow: 'storyboard', style: 'news', storyboard: { instructions: '', shots: [{ seconds: '5', scene: 'a' }] } },
    undefined,
  ],
  [
    'a video alone',
    'sora2pro-landscape-25s',
    '',
    [video],
    { kind: 'character', workflow: 'character', prompt: '', seconds: 0, frames: 0 },
    undefined,
  ],
  [
    'a video and text',
    landscape,
    '{retro} it dances',
    [video],
    { kind: 'video', workflow: 'character_video', prompt: 'it dances', style: 'retro', frames: 300 },
    undefined,
  ],
  [
    'a video and shots, which stay text',
    landscape,
    '[5s]a',
    [video],
    { workflow: 'character_video', prompt: '[5s]a' },
    undefined,
  ],
  [
    'a draft of Sora where none is meant',
    landscape,
    `${draft} a fox`,
    [],
    { workflow: 'video', prompt: `${draft} a fox` },
    undefined,
  ],
  [
    'an avatar of a video',
    'avatar-create',
    '',
    [video],
    { kind: 'character', workflow: 'character', prompt: '' },
    undefined,
  ],
  [
    'an avatar of a draft',
    'avatar-create',
    draft,
    [],
    { kind: 'character', workflow: 'character', prompt: '' },
    draftMention,
  ],
  ['an avatar of a video of ours', 'avatar-create', `video_${ulid}`, [], { workflow: 'character' }, ownMention],
  [
    'an avatar of a video, whatever the text names',
    'avatar-create',
    `of ${draft}`,
    [video],
    { workflow: 'character', prompt: `of ${draft}` },
    undefined,
  ],
  [
    'an extension of a draft',
    extension,
    `${draft} a meteor shower`,
    [],
    { kind: 'video', workflow: 'extension', prompt: 'a meteor shower', seconds: 15, frames: 450 },
    draftMention,
  ],
  [
    'an extension of ours, styles being text',
    extension,
    `{anime} rain video_${ulid}`,
    [],
    { workflow: 'extension', prompt: '{anime} rain' },
    ownMention,
  ],
  [
    'an enhancement, marks being text',
    enhance,
    `{anime} ${share} [5s]`,
    [],
    {
      kind: 'enhance',
      workflow: 'enhance',
      prompt: `{anime} ${share} [5s]`,
      enhance: { level: 'long', seconds: 20 },
      frames: 0,
    },
    undefined,
  ],
])('%s', (_name, model, prompt, media, request, parent) => {
  const planned = plan(model, prompt, media);
  expect(planned.request).toMatchObject({ model, ...request });
  expect(planned.parent).toEqual(parent);
  expect(planned.media).toEqual(parent ? [] : media);
  if (!request.storyboard) expect(planned.request).not.toHaveProperty('storyboard');
  if (!request.style) expect(planned.request).not.toHaveProperty('style');
});

test.each<[string, PlannedParent]>([
  [share, { type: 'share', id: share }],
  [`https://sora.chatgpt.com/p/${share}?a=b`, { type: 'share', id: share }],
  [`video_${ulid}`, { ...ownMention, param: 'remix_target_id' }],
  [ulid, { ...ownMention, param: 'remix_target_id' }],
  [draft, { ...draftMention, param: 'remix_target_id' }],
])('the field of the clip may hold %s', (text, parent) => {
  expect(plan(landscape, 'in ink', [], remixTarget(text))).toMatchObject({ request: { workflow: 'remix' }, parent });
  expect(plan(landscape, `${share} in ink`, [], remixTarget(share)).request.prompt).toBe('in ink');
});

test.each<[string, string, string, MediaInput[], Partial<RequestInput>, string, string]>([
  ['no text for an image', 'gpt-image', ' ', [image], {}, 'missing_required_parameter', 'messages'],
  ['no text for a video', landscape, '', [], {}, 'missing_required_parameter', 'messages'],
  ['an image without text for a video', landscape, '', [image], {}, 'missing_required_parameter', 'messages'],
  ['nothing but a style', landscape, '{anime}', [], {}, 'missing_required_parameter', 'messages'],
  ['nothing but shots', landscape, '{anime} [5.0s] [5s]', [], {}, 'missing_required_parameter', 'messages'],
  ['a remix with nothing but shots', landscape, `${share} [5s]`, [], {}, 'missing_required_parameter', 'messages'],
  ['a video and nothing but a style', landscape, '{anime}', [video], {}, 'missing_required_parameter', 'messages'],
  ['no text to enhance', enhance, '', [], {}, 'missing_required_parameter', 'messages'],
  ['two images', landscape, 'a', [image, { ...image, param: 'another' }], {}, 'invalid_value', 'another'],
  [
    'two images for an image',
    'gpt-image',
    'a',
    [image, { ...image, param: 'another' }],
    {},
    'invalid_value',
    'another',
  ],
  ['two videos', landscape, '', [video, { ...video, param: 'another' }], {}, 'invalid_value', 'another'],
  ['an image beside a video', landscape, 'a', [image, video], {}, 'invalid_value', 'an image'],
  ['an image beside a video without text', landscape, '', [video, image], {}, 'invalid_value', 'an image'],
  ['a video for an image', 'gpt-image', 'a', [video], {}, 'not_supported_by_model', 'a video'],
  ['an image for an avatar', 'avatar-create', '', [image], {}, 'not_supported_by_model', 'an image'],
  ['an image to enhance', enhance, 'a', [image], {}, 'not_supported_by_model', 'an image'],
  ['an image to extend with', extension, `${draft} a`, [image], {}, 'not_supported_by_model', 'an image'],
  ['an avatar of nothing', 'avatar-create', 'a cat', [], {}, 'missing_required_parameter', 'messages'],
  ['an extension of nothing', extension, 'a cat', [], {}, 'missing_required_parameter', 'messages'],
  ['an extension without text', extension, ` ${draft} `, [], {}, 'missing_required_parameter', 'messages'],
  ['a remix without text', landscape, share, [], {}, 'missing_required_parameter', 'messages'],
  ['a remix with an image', landscape, `${share} a`, [image], {}, 'invalid_value', 'an image'],
  ['a remix with a video', landscape, `video_${ulid} a`, [video], {}, 'invalid_value', 'a video'],
  ['two clips in the prompt', landscape, `${share} video_${ulid} a`, [], {}, 'invalid_value', 'messages'],
  [
    'another clip in the field',
    landscape,
    `${share} a`,
    [],
    remixTarget(`s_${'1'.repeat(32)}`),
    'invalid_value',
    'messages',
  ],
  ['a field that names no clip', landscape, 'a', [], remixTarget('that one'), 'invalid_value', 'remix_target_id'],
  [
    'the field for a model that cannot remix',
    'gpt-image',
    'a',
    [],
    remixTarget(share),
    'not_supported_by_model',
    'remix_target_id',
  ],
  [
    'the field for an extension',
    extension,
    `${draft} a`,
    [],
    remixTarget(share),
    'not_supported_by_model',
    'remix_target_id',
  ],
])('refuses %s', (_name, model, prompt, media, more, code, param) => {
  expect(() => plan(model, prompt, media, more)).toThrow(expect.objectContaining({ code, param }));
});

test('what the client wrote is kept beside what is made of it, where they differ', () => {
  expect(plan(landscape, '{anime} a fox', [], { asked: { size: '720x720' } }).request).toMatchObject({
    prompt: 'a fox',
    asked: { size: '720x720', prompt: '{anime} a fox' },
  });
  expect(plan(landscape, 'a fox').request).not.toHaveProperty('asked');
});

test('the command of every model can be stored and read back as it was', () => {
  for (const { id } of models) {
    const { request } = plan(id, `${draft} a fox`, id === 'avatar-create' ? [video] : [], {
      asked: { size: '1280x720' },
    });
    const stored: unknown = JSON.parse(JSON.stringify(request));
    expect(generationRequestSchema.parse(stored)).toEqual({ ...request, references: [] });
  }
});

const marks = ['{anime}', share, `video_${ulid}`, draft, '[5s]', ' ', '\n', 'fox', '{', '[', 's_'];

test('whatever is asked is planned or refused by an error of ours, and no word is lost', () => {
  const prompts = fc.array(fc.oneof(fc.constantFrom(...marks), fc.string()), { maxLength: 8 });
  const media = fc.array(fc.constantFrom(image, video), { maxLength: 2 });
  fc.assert(
    fc.property(fc.constantFrom(...models), prompts, media, (model, words, given) => {
      try {
        const { request, media: kept, parent } = plan(model.id, words.join(' ').trim(), given);
        expect(parent === undefined ? kept : given).toEqual(given);
        expect(request.prompt !== '' || request.kind === 'character').toBe(true);
        if (words.join('').includes('fox')) expect(request.prompt).toContain('fox');
      } catch (error) {
        expect(isAppError(error) && error.definition.status).toBe(400);
      }
    }),
  );
});
