import { isModelAllowed } from './allowed-models.js';

const video = { id: 'sora2-landscape-10s', kind: 'video' } as const;
const pro = { id: 'sora2pro-hd-portrait-10s', kind: 'video' } as const;
const image = { id: 'gpt-image', kind: 'image' } as const;
const wide = { id: 'gpt-image-landscape', kind: 'image' } as const;

test('a key without limits may use everything', () => {
  const rights = { allowedModels: null, allowedKinds: null };
  for (const model of [video, pro, image]) expect(isModelAllowed(rights, model)).toBe(true);
});

test('of named models only those, of named kinds only those, and where both are named both must fit', () => {
  expect(isModelAllowed({ allowedModels: [video.id], allowedKinds: null }, video)).toBe(true);
  expect(isModelAllowed({ allowedModels: [video.id], allowedKinds: null }, pro)).toBe(false);
  expect(isModelAllowed({ allowedModels: null, allowedKinds: ['image'] }, image)).toBe(true);
  expect(isModelAllowed({ allowedModels: null, allowedKinds: ['image'] }, video)).toBe(false);
  expect(isModelAllowed({ allowedModels: [video.id, image.id], allowedKinds: ['image'] }, video)).toBe(false);
});

test('a name of OpenAI’s stands for all that it may be made with, and for nothing else', () => {
  const plain = { allowedModels: ['sora-2'], allowedKinds: null };
  expect([video, pro, image].map((model) => isModelAllowed(plain, model))).toEqual([true, false, false]);
  const better = { allowedModels: ['sora-2-pro-2025-10-06'], allowedKinds: null };
  expect([video, pro, image].map((model) => isModelAllowed(better, model))).toEqual([false, true, false]);
  const images = { allowedModels: ['gpt-image-1'], allowedKinds: null };
  expect([video, image, wide].map((model) => isModelAllowed(images, model))).toEqual([false, true, true]);
  expect(isModelAllowed({ ...images, allowedModels: ['gpt-image'] }, wide)).toBe(false);
});
