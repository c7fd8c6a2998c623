import { findModel, getModel, laneOfModel, models } from './models.js';
import { styleIds } from './prompt/styles.js';
import { createTargets, providerDeclarations, simulatorTarget, soraTarget } from './provider-declarations.js';

describe('the model catalogue', () => {
  test('has the models of sora2api, in its order', () => {
    expect(models.map(({ id }) => id)).toEqual([
      'gpt-image',
      'gpt-image-landscape',
      'gpt-image-portrait',
      'sora2-landscape-10s',
      'sora2-portrait-10s',
      'sora2-landscape-15s',
      'sora2-portrait-15s',
      'sora2-extension-10s',
      'sora2-extension-15s',
      'sora2-landscape-25s',
      'sora2-portrait-25s',
      'sora2pro-landscape-10s',
      'sora2pro-portrait-10s',
      'sora2pro-landscape-15s',
      'sora2pro-portrait-15s',
      'sora2pro-landscape-25s',
      'sora2pro-portrait-25s',
      'sora2pro-hd-landscape-10s',
      'sora2pro-hd-portrait-10s',
      'sora2pro-hd-landscape-15s',
      'sora2pro-hd-portrait-15s',
      'prompt-enhance-short-10s',
      'prompt-enhance-short-15s',
      'prompt-enhance-short-20s',
      'prompt-enhance-medium-10s',
      'prompt-enhance-medium-15s',
      'prompt-enhance-medium-20s',
      'prompt-enhance-long-10s',
      'prompt-enhance-long-15s',
      'prompt-enhance-long-20s',
      'avatar-create',
    ]);
  });

  test('names every model once, with a provider that makes its kind', () => {
    expect(new Set(models.map(({ id }) => id)).size).toBe(models.length);
    for (const model of models) {
      const declaration = providerDeclarations.find(({ id }) => id === model.provider);
      expect(declaration?.kinds).toContain(model.kind);
      expect(laneOfModel(model)).toMatchObject({ provider: model.provider, kind: model.kind });
    }
  });

  test('agrees with itself: id, orientation, size, seconds and frames of a video', () => {
    for (const model of models.filter(({ workflow }) => workflow === 'video')) {
      expect(model.kind).toBe('video');
      expect(model.id).toContain(model.orientation);
      expect(model.id).toContain(`-${model.seconds}s`);
      expect(model.width > model.height ? 'landscape' : 'portrait').toBe(model.orientation);
      expect(model.frames).toBe(model.seconds * 30);
      expect(model.description).toContain(`${model.orientation}, ${model.seconds} seconds`);
    }
  });

  test('has a size exactly where there is a picture whose size the model decides', () => {
    for (const { workflow, size, width, height } of models) {
      const isSized = workflow === 'image' || workflow === 'video';
      expect(size).toBe(isSized ? `${width}x${height}` : '');
      expect(width * height > 0).toBe(isSized);
    }
  });

  test.each([
    ['sora2-landscape-10s', 'sy_8', 'small', '640x360', 300, 'any'],
    ['sora2-portrait-15s', 'sy_8', 'small', '360x640', 450, 'any'],
    ['sora2-landscape-25s', 'sy_8', 'small', '640x360', 750, 'pro'],
    ['sora2pro-portrait-10s', 'sy_ore', 'small', '360x640', 300, 'pro'],
    ['sora2pro-landscape-25s', 'sy_ore', 'small', '640x360', 750, 'pro'],
    ['sora2pro-hd-landscape-15s', 'sy_ore', 'large', '1280x720', 450, 'pro'],
    ['sora2pro-hd-portrait-10s', 'sy_ore', 'large', '720x1280', 300, 'pro'],
  ])('%s is %s in %s', (id, model, upstreamSize, size, frames, plan) => {
    expect(getModel(id)).toMatchObject({
      upstream: { model, size: upstreamSize },
      size,
      frames,
      requires: { plan, sora2: true },
      styles: styleIds,
      references: { images: 1, videos: 1 },
      remix: true,
      storyboard: true,
      extends: false,
    });
  });

  test.each([
    ['gpt-image', 'square', 360, 360],
    ['gpt-image-landscape', 'landscape', 540, 360],
    ['gpt-image-portrait', 'portrait', 360, 540],
  ])('%s makes one %s image, which every account can', (id, orientation, width, height) => {
    expect(getModel(id)).toMatchObject({
      kind: 'image',
      description: `Image generation - ${width}x${height}`,
      orientation,
      width,
      height,
      seconds: 0,
      frames: 1,
      requires: { plan: 'any', sora2: false },
      styles: [],
      references: { images: 1, videos: 0 },
      remix: false,
      storyboard: false,
    });
  });

  test('extensions go on with a draft, and take nothing but its name and a prompt', () => {
    const extensions = models.filter((model) => model.extends);
    expect(extensions.map(({ id, seconds, frames }) => [id, seconds, frames])).toEqual([
      ['sora2-extension-10s', 10, 300],
      ['sora2-extension-15s', 15, 450],
    ]);
    for (const model of extensions) {
      const nothing = { images: 0, videos: 0 };
      expect(model).toMatchObject({
        kind: 'video',
        workflow: 'extension',
        styles: [],
        references: nothing,
        remix: false,
      });
    }
  });

  test('enhancements say in their id how much and for how long', () => {
    const enhancements = models.filter(({ kind }) => kind === 'enhance');
    expect(enhancements).toHaveLength(9);
    for (const { id, workflow, enhance, seconds, frames } of enhancements) {
      expect(id).toBe(`prompt-enhance-${enhance?.level}-${enhance?.seconds}s`);
      expect({ workflow, seconds, frames }).toEqual({ workflow: 'enhance', seconds: 0, frames: 0 });
    }
    expect(models.filter(({ enhance }) => enhance)).toEqual(enhancements);
  });

  test('avatar-create makes a character from a video', () => {
    const model = getModel('avatar-create');
    expect(model).toMatchObject({ kind: 'character', workflow: 'character', references: { images: 0, videos: 1 } });
    expect(model.created).toBeGreaterThan(getModel('gpt-image').created);
  });

  test('says where to look when a model is unknown', () => {
    expect(findModel('sora-9')).toBeUndefined();
    expect(() => getModel('sora-9')).toThrow(/no model "sora-9".*\/v1\/models/);
  });
});

describe('targets', () => {
  test('the simulator serves every address of the real upstream, and its media come from nowhere else', () => {
    const target = simulatorTarget('http://127.0.0.1:8088/');
    expect(Object.keys(target.urls).sort()).toEqual(Object.keys(soraTarget.urls).sort());
    for (const url of Object.values(target.urls)) expect(url).toMatch(/^http:\/\/127\.0\.0\.1:8088\/[^/].*[^/]$/);
    expect(target).toMatchObject({ simulated: true, mediaHosts: ['127.0.0.1:8088'] });
  });

  test('the real upstream is marked as real and reached by https only', () => {
    expect(soraTarget.simulated).toBe(false);
    for (const url of Object.values(soraTarget.urls)) expect(url).toMatch(/^https:\/\/.*[^/]$/);
  });

  test('the simulator is there only where its URL is configured', () => {
    expect([...createTargets(undefined).keys()]).toEqual(['sora']);
    expect([...createTargets('http://simulator:8088').keys()]).toEqual(['sora', 'simulator']);
  });
});
