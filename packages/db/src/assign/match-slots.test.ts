import fc from 'fast-check';
import { matchSlots } from './match-slots.js';

const slot = (tokenId: string, slotNo = 0) => ({ tokenId, slotNo, version: '1' });
const row = (generationId: string, ...excluded: string[]) => ({
  generationId,
  apiKeyId: null,
  fence: 0n,
  excluded,
  keyVersion: null,
});
const pairs = (matches: ReturnType<typeof matchSlots>) =>
  matches.map((match) => `${match.row.generationId}→${match.slot.tokenId}${match.slot.slotNo}`);

describe('matchSlots', () => {
  it('gives slots out in order', () => {
    expect(pairs(matchSlots([row('1'), row('2')], [slot('a'), slot('b'), slot('c')]))).toEqual(['1→a0', '2→b0']);
  });

  it('passes over a row that excludes every token left, and goes on with the next', () => {
    expect(pairs(matchSlots([row('1', 'a'), row('2')], [slot('a')]))).toEqual(['2→a0']);
  });

  it('lets a row take a later slot when it excludes the first token', () => {
    expect(pairs(matchSlots([row('1', 'a'), row('2')], [slot('a'), slot('b')]))).toEqual(['1→b0', '2→a0']);
  });

  it('uses no slot and no row twice, never an excluded token, and leaves no row that a slot left over would suit', () => {
    const token = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(
        fc.array(fc.array(token), { maxLength: 20 }),
        fc.array(token, { maxLength: 20 }),
        (exclusions, tokens) => {
          const rows = exclusions.map((excluded, index) => row(String(index), ...excluded));
          const slots = tokens.map((tokenId, index) => slot(tokenId, index));
          const matches = matchSlots(rows, slots);
          expect(new Set(matches.map((match) => match.slot)).size).toBe(matches.length);
          expect(new Set(matches.map((match) => match.row)).size).toBe(matches.length);
          expect(matches.every((match) => !match.row.excluded.includes(match.slot.tokenId))).toBe(true);
          const left = slots.filter((free) => !matches.some((match) => match.slot === free));
          const unmatched = rows.filter((waiting) => !matches.some((match) => match.row === waiting));
          expect(unmatched.every((waiting) => left.every((free) => waiting.excluded.includes(free.tokenId)))).toBe(
            true,
          );
        },
      ),
    );
  });
});
