import fc from 'fast-check';
import { extractRemixTarget } from './extract-remix-target.js';
import { parseShareId } from './parse-share-id.js';

const id = 's_68e3a06dcd888191b150971da152c1f5';
const other = 's_00000000000000000000000000000000';
const link = `https://sora.chatgpt.com/p/${id}`;

test.each([
  ['text at once', `${link}改成水墨画风格`, '改成水墨画风格'],
  ['text of letters at once', `${link}change it`, 'change it'],
  ['a style', `{comic}${link}改成漫画风格`, '{comic}改成漫画风格'],
  ['nothing', link, ''],
  ['text on both sides', `make ${link} blue`, 'make blue'],
  ['text on both sides without spaces', `把${link}改成蓝色`, '把改成蓝色'],
  ['http', `http://sora.chatgpt.com/p/${id} blue`, 'blue'],
  ['www.', `https://www.sora.chatgpt.com/p/${id} blue`, 'blue'],
  ['no scheme', `sora.chatgpt.com/p/${id} blue`, 'blue'],
  ['no scheme but www.', `把www.sora.chatgpt.com/p/${id}改`, '把改'],
  ['a host in other letters', `Https://Sora.ChatGPT.com/p/${id} blue`, 'blue'],
  ['a slash', `${link}/ blue`, 'blue'],
  ['a query', `${link}?psh=HXVz.LkL-oM_~ blue`, 'blue'],
  ['a query and text at once', `${link}?utm_source=a&b=c改成`, '改成'],
  ['a fragment', `${link}#top blue`, 'blue'],
  ['a query and a fragment', `${link}/?a=%20+b#t=1.5, blue`, ', blue'],
  ['the end of a sentence', `like ${link}. Blue`, 'like . Blue'],
  ['the end of a sentence behind a query', `like ${link}?a=b. Blue`, 'like . Blue'],
  ['a question mark', `can you do ${link}?`, 'can you do ?'],
  ['brackets', `(${link}) blue`, '() blue'],
  ['a bare id', `${id} 改成水墨画`, '改成水墨画'],
  ['a bare id amid another script', `把${id}改成蓝色`, '把改成蓝色'],
  ['a bare id behind a slash', `/p/${id}, blue`, '/p/, blue'],
  ['the same clip again', `${link} like ${id}: ${link}?a=b`, 'like :'],
  ['another clip', `${link} like ${other}`, `like ${other}`],
  [
    'another clip behind it at once',
    `${link}https://sora.chatgpt.com/p/${other}`,
    `https://sora.chatgpt.com/p/${other}`,
  ],
  ['line breaks', `a\n\n${link}\nb`, 'a\n\nb'],
])('a share link or id is found with %s', (_name, prompt, rest) => {
  expect(extractRemixTarget(prompt)).toEqual({ prompt: rest, target: id });
});

test.each([
  ['nothing of the sort', 'a fox'],
  ['hexadecimal digits in a longer word', `class${id}`],
  ['a longer word behind', `${id}abc`],
  ['a word joined by an underscore', `my_${id}`],
  ['a word joined by a hyphen', `${id}-final`],
  ['too few digits', 's_68e3a06dcd888191b150971da152c1f'],
  ['capital digits', 's_68E3A06DCD888191B150971DA152C1F5'],
  ['capital digits in a link', 'https://sora.chatgpt.com/p/S_68E3A06DCD888191B150971DA152C1F5'],
  ['a link without id', 'https://sora.chatgpt.com/p/'],
])('%s asks for no remix and is not changed', (_name, prompt) => {
  expect(extractRemixTarget(prompt)).toEqual({ prompt });
});

test('a clip is found wherever it stands, and no text is lost', () => {
  // A letter that could belong to a bare id, or go with the link, is not among them.
  const text = fc.string({ unit: fc.constantFrom('猫', '🦊', ' ', '\n', '.', ',', '{', '[', '?', '\ud83d', '。') });
  const spelling = fc.constantFrom(id, link, `sora.chatgpt.com/p/${id}`, `${link}?a=b`, `www.${link.slice(8)}#x`);
  fc.assert(
    fc.property(text, spelling, text, spelling, text, (a, first, b, second, c) => {
      const { prompt, target } = extractRemixTarget(`${a} ${first}${b} ${second}${c}`);
      expect(target).toBe(id);
      expect(prompt.replace(/\s/g, '')).toBe(`${a}${b}${c}`.replace(/\s/g, ''));
    }),
  );
});

describe('a field for a share id', () => {
  test.each([
    id,
    ` ${id}\n`,
    link,
    `${link}/`,
    `${link}?psh=a.b`,
    `${link}#x`,
    `www.${link.slice(8)}`,
    `SORA.chatgpt.com/p/${id}`,
  ])('takes %j', (text) => {
    expect(parseShareId(text)).toBe(id);
  });

  test.each([
    '',
    's_1',
    id.toUpperCase(),
    `${id}0`,
    `${id} ${id}`,
    `${link}改`,
    `${link} blue`,
    `https://example.com/p/${id}`,
    `https://sora.chatgpt.com/g/${id}`,
    'gen_01k5',
  ])('does not take %j', (text) => {
    expect(parseShareId(text)).toBeUndefined();
  });
});
