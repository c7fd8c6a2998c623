import { Turns } from './turns.js';

describe('turns', () => {
  it('remember who was served last', () => {
    const turns = new Turns();
    turns.note('lane-1', ['a', null]);
    turns.note('lane-2', ['b', 'a']);
    expect(turns.ofLane('lane-2')).toBeGreaterThan(turns.ofLane('lane-1'));
    expect(turns.ofLane('lane-3')).toBe(0);
    expect(turns.ofKeys().map(({ key }) => key)).toEqual(['', 'b', 'a']);
  });

  it('forget the longest unserved, and nobody else, when there are too many', () => {
    const turns = new Turns();
    for (let no = 0; no < 700; no += 1) turns.note('lane', [`key-${no}`]);
    turns.note('lane', ['key-200']);
    const keys = turns.ofKeys().map(({ key }) => key);
    expect(keys).toHaveLength(500);
    expect(keys).toEqual(expect.arrayContaining(['key-200', 'key-699']));
    expect(keys).not.toContain('key-199');
  });
});
