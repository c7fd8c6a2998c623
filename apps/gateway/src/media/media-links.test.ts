import { defaultSettings } from '@reelay/contracts/settings';
import { MediaLinks } from './media-links.js';

const start = Date.UTC(2026, 10, 22);
let now = start;
const settings = { read: async () => ({ ...defaultSettings, 'media.linkSeconds': 60 }) };
const links = new MediaLinks({ webKey: 'a key of the test', settings, now: () => now });
const media = { assetId: '01J00000000000000000000000', contentType: 'video/mp4' };

async function linkParts(): Promise<[string, Record<string, string>]> {
  const url = new URL(await links.linkTo(media, 'https://video.example.org/reelay'));
  return [url.pathname.split('/').at(-1) ?? '', Object.fromEntries(url.searchParams)];
}

beforeEach(() => {
  now = start;
});

test('a link begins with the public address and names the file with its extension', async () => {
  const link = await links.linkTo(media, 'https://video.example.org/reelay');
  expect(link).toMatch(/^https:\/\/video\.example\.org\/reelay\/media\/01J0{23}\.mp4\?expires=\d+&signature=[\w-]+$/);
});

test('a link opens its own file until it expires', async () => {
  const [name, query] = await linkParts();
  expect(links.verify(name, query)).toBe(media.assetId);
  now = start + 59_000;
  expect(links.verify(name, query)).toBe(media.assetId);
  now = start + 60_000;
  expect(() => links.verify(name, query)).toThrow(expect.objectContaining({ code: 'link_expired' }));
});

test('a link that was changed opens nothing, and does not learn that it is old', async () => {
  const [name, query] = await linkParts();
  const changed: [string, Record<string, unknown>][] = [
    ['01J00000000000000000000001.mp4', query],
    ['01J00000000000000000000000.png', query],
    ['01J00000000000000000000000', query],
    ['../../etc/passwd', query],
    [name, {}],
    [name, { ...query, expires: '99999999999' }],
    [name, { ...query, signature: `${query.signature}x` }],
    [name, { ...query, signature: [query.signature, query.signature] }],
  ];
  now = start + 3_600_000;
  for (const [file, parts] of changed) {
    expect(() => links.verify(file, parts)).toThrow(expect.objectContaining({ code: 'link_invalid' }));
  }
});
