import { findModel, getModel, laneOfModel, models } from './models.js';
import { createTargets, providerDeclarations, simulatorTarget, soraTarget } from './provider-declarations.js';

describe('the model catalogue', () => {
  test('has the text-to-video models of sora2api under their own ids', () => {
    expect(models.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'sora2-landscape-10s',
        'sora2-portrait-10s',
        'sora2-landscape-15s',
        'sora2-portrait-15s',
      ]),
    );
  });

  test('names every model once, with a provider that makes its kind', () => {
    expect(new Set(models.map(({ id }) => id)).size).toBe(models.length);
    for (const model of models) {
      const declaration = providerDeclarations.find(({ id }) => id === model.provider);
      expect(declaration?.kinds).toContain(model.kind);
      expect(laneOfModel(model)).toMatchObject({ provider: model.provider, kind: model.kind });
    }
  });

  test('agrees with itself: id, orientation, size, seconds and frames', () => {
    for (const model of models.filter(({ kind }) => kind === 'video')) {
      const [width = 0, height = 0] = model.size.split('x').map(Number);
      expect(model.id).toContain(model.orientation);
      expect(model.id).toContain(`${model.seconds}s`);
      expect(width > height ? 'landscape' : 'portrait').toBe(model.orientation);
      expect(model.frames).toBe(model.seconds * 30);
    }
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
