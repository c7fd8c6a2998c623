import fc from 'fast-check';
import { generationKinds } from './domain.js';
import { type Lane, laneKey, parseLane } from './lane.js';
import { laneOfModel, models } from './models.js';

const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,26}$/);
const lane: fc.Arbitrary<Lane> = fc.record(
  {
    provider: name,
    kind: fc.constantFrom(...generationKinds),
    plan: fc.constantFrom('any' as const, 'pro' as const),
    sora2: fc.boolean(),
    tokenId: name,
  },
  { requiredKeys: ['provider', 'kind', 'plan', 'sora2'] },
);

test('a lane is read back from its key as it was', () => {
  fc.assert(fc.property(lane, (one) => expect(parseLane(laneKey(one))).toEqual(one)));
});

test('different lanes have different keys', () => {
  fc.assert(
    fc.property(lane, lane, (left, right) => {
      if (laneKey(left) === laneKey(right)) expect(left).toEqual(right);
    }),
  );
});

test('keys look as they are documented', () => {
  expect(laneKey({ provider: 'sora', kind: 'video', plan: 'any', sora2: true })).toBe('sora:video:any:sora2');
  expect(laneKey({ provider: 'sora', kind: 'image', plan: 'pro', sora2: false })).toBe('sora:image:pro:-');
  expect(laneKey({ provider: 'sora', kind: 'video', plan: 'any', sora2: true, tokenId: '01J' })).toBe(
    'sora:video:any:sora2:01J',
  );
});

test.each(['', 'sora', 'sora:video', 'sora:video:some:-', ':video:any:-', 'sora::any:-'])('%j is no lane', (key) => {
  expect(() => parseLane(key)).toThrow('is not a lane key');
});

test('every model has a lane that can be read back', () => {
  for (const model of models) expect(laneKey(parseLane(laneKey(laneOfModel(model))))).toBe(laneKey(laneOfModel(model)));
});
