import { findStyleId, styleIdSchema, styleIds, styles } from './styles.js';

test('are the ten of Sora, each with the name its app shows', () => {
  expect(styles.map(({ id, name }) => `${id} ${name}`)).toEqual([
    'festive Festive',
    'kakalaka 🪭👺',
    'news News',
    'selfie Selfie',
    'handheld Handheld',
    'golden Golden',
    'anime Anime',
    'retro Retro',
    'nostalgic Vintage',
    'comic Comic',
  ]);
  expect(styles.map(({ id }) => id)).toEqual([...styleIds]);
  for (const { id } of styles) expect(styleIdSchema.parse(id)).toBe(id);
});

test.each([
  ['anime', 'anime'],
  [' Anime\n', 'anime'],
  ['NOSTALGIC', 'nostalgic'],
  ['vintage', undefined],
  ['anime style', undefined],
  ['', undefined],
  ['constructor', undefined],
])('%j names %s', (text, id) => {
  expect(findStyleId(text)).toBe(id);
});
