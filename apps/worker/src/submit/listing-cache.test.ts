import { ListingCache } from './listing-cache.js';

const lists = { pending: ['a'], finished: [] };

describe('the last listing of a token', () => {
  it('is as old as its beginning, not as its end', () => {
    let now = 0;
    const cache = new ListingCache(() => now);
    const remember = cache.begin('token');
    now = 4_000;
    remember(lists);
    expect(cache.find('token', 5_000)).toEqual(lists);
    now = 5_000;
    expect(cache.find('token', 5_000)).toBeUndefined();
  });

  it('is not found for another token, and is forgotten when there are too many', () => {
    const cache = new ListingCache(() => 0);
    for (let token = 0; token <= 1_000; token += 1) cache.begin(`token-${token}`)(lists);
    expect(cache.find('token-0', 5_000)).toBeUndefined();
    expect(cache.find('token-1', 5_000)).toEqual(lists);
    expect(cache.find('other', 5_000)).toBeUndefined();
  });
});
