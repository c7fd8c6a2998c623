import fc from 'fast-check';
import { dialects, isUlid, parseGenerationId, publicId } from './ids.js';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ulid = fc
  .tuple(fc.constantFrom(...'01234567'), fc.array(fc.constantFrom(...alphabet), { minLength: 25, maxLength: 25 }))
  .map(([first, rest]) => first + rest.join(''));

test('every spelling of an id leads back to the generation, in any case of its letters', () => {
  fc.assert(
    fc.property(ulid, fc.constantFrom(...dialects), (id, dialect) => {
      expect(isUlid(id)).toBe(true);
      expect(parseGenerationId(publicId(dialect, id))).toBe(id);
      expect(parseGenerationId(id)).toBe(id);
      expect(parseGenerationId(publicId(dialect, id.toLowerCase()))).toBe(id);
    }),
  );
});

test('spells ids as each API does', () => {
  const id = '01KCXVNG92FVKA5X9R15F3ATGD';
  expect(dialects.map((dialect) => publicId(dialect, id))).toEqual([`chatcmpl-${id}`, `video_${id}`, `rly_${id}`]);
});

test('takes nothing else for one of ours', () => {
  const strangers = [
    '',
    'video_',
    'gen_01k9btrqrnen792yvt703dp0tq',
    's_0123456789abcdef0123456789abcdef',
    'video_81KCXVNG92FVKA5X9R15F3ATGD',
    'video_01KCXVNG92FVKA5X9R15F3ATG',
    'video_01KCXVNG92FVKA5X9R15F3ATGDD',
    'video_01KCXVNG92FVKA5X9R15F3ATGU',
    'video_video_01KCXVNG92FVKA5X9R15F3ATGD',
    'Video_01KCXVNG92FVKA5X9R15F3ATGD',
    ' 01KCXVNG92FVKA5X9R15F3ATGD',
  ];
  for (const text of strangers) expect([text, parseGenerationId(text)]).toEqual([text, undefined]);
  fc.assert(fc.property(fc.string(), (text) => isUlid(text) || parseGenerationId(text) === undefined));
});
