import { ListingCache } from './listing-cache.js';

const videosOf = (tokenId: string) => ({ tokenId, slotKind: 'video' as const });
const lists = { pending: ['a'], finished: [] };

describe('the last listing of a token', () => {
  it('is as old as its beginning, not as its end', () => {
    let now = 0;
    const cache = new ListingCache(() => now);
    const remember = cache.begin(videosOf('token'));
    now = 4_000;
    remember(lists);
    expect(cache.find(videosOf('token'), 5_000)).toEqual(lists);
    now = 5_000;
    expect(cache.find(videosOf('token'), 5_000)).toBeUndefined();
  });

  it('is not found for another token or kind, and is forgotten when there are too many', () => {
    const cache = new ListingCache(() => 0);
    for (let token = 0; token <= 1_000; token += 1) cache.begin(videosOf(`token-${token}`))(lists);
    expect(cache.find(videosOf('token-0'), 5_000)).toBeUndefined();
    expect(cache.find(videosOf('token-1'), 5_000)).toEqual(lists);
    expect(cache.find({ tokenId: 'token-1', slotKind: 'image' }, 5_000)).toBeUndefined();
    expect(cache.find(videosOf('other'), 5_000)).toBeUndefined();
  });
});
