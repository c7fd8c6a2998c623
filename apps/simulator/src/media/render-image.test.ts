import sharp from 'sharp';
import { type ImagePlan, renderImage } from './render-image.js';

const plan: ImagePlan = {
  seed: 'task_1',
  prompt: 'A lighthouse in the fog',
  label: '',
  width: 360,
  height: 540,
  format: 'png',
};

test.each([
  ['png', 360, 360],
  ['png', 540, 360],
  ['png', 360, 540],
  ['webp', 512, 512],
] as const)('a %s of %i×%i is exactly that', async (format, width, height) => {
  const metadata = await sharp(await renderImage({ ...plan, format, width, height })).metadata();
  expect(metadata).toMatchObject({ format, width, height, channels: 3 });
});

test('the same plan gives the same bytes; another seed, prompt or label gives others', async () => {
  const first = await renderImage(plan);
  expect((await renderImage(plan)).equals(first)).toBe(true);
  for (const change of [{ seed: 'task_2' }, { prompt: 'Another' }, { label: 'from a picture' }]) {
    expect((await renderImage({ ...plan, ...change })).equals(first)).toBe(false);
  }
});

test('the prompt is written below the landscape: another prompt changes the panel, another seed does not', async () => {
  const panel = async (changes: object) => {
    const top = Math.ceil(plan.height * 0.6);
    const area = { left: 0, top, width: plan.width, height: plan.height - top };
    return sharp(await renderImage({ ...plan, ...changes }))
      .extract(area)
      .raw()
      .toBuffer();
  };
  const first = await panel({});
  expect((await panel({ seed: 'task_2' })).equals(first)).toBe(true);
  expect((await panel({ label: 'from a picture' })).equals(first)).toBe(false);
});

test('every landscape can be painted, however low its hills are', async () => {
  for (let k = 0; k < 40; k += 1) {
    const bytes = await renderImage({ ...plan, seed: `task_${k}`, width: 90 + k, height: 91 + k });
    expect(bytes.length).toBeGreaterThan(0);
  }
});

test.each(['', ' ', '猫'.repeat(3_000), 'W'.repeat(20_000)])('draws any prompt', async (prompt) => {
  expect((await renderImage({ ...plan, prompt })).length).toBeGreaterThan(1_000);
});
