import { signLink, verifyLink } from './signed-link.js';

const key = 'a web key of sufficient length';
const subject = { path: '/media/01J/video.mp4', assetId: '01J' };
const expiresAt = new Date('2026-11-22T12:00:00Z');
const before = new Date('2026-11-22T11:59:59Z');

function queryOf(link: string): Record<string, string> {
  return Object.fromEntries(new URL(link, 'http://reelay').searchParams);
}

test('a link is valid until it expires, then expired', () => {
  const link = signLink(key, subject, expiresAt);
  expect(link.startsWith('/media/01J/video.mp4?expires=')).toBe(true);
  expect(verifyLink(key, subject, queryOf(link), before)).toBe('valid');
  expect(verifyLink(key, subject, queryOf(link), expiresAt)).toBe('expired');
});

test.each([
  ['path', { ...subject, path: '/media/01J/other.mp4' }],
  ['asset', { ...subject, assetId: '01K' }],
])('another %s makes it invalid', (_name, other) => {
  expect(verifyLink(key, other, queryOf(signLink(key, subject, expiresAt)), before)).toBe('invalid');
});

test('a changed time or signature, a missing part or another key makes it invalid, expired or not', () => {
  const query = queryOf(signLink(key, subject, expiresAt));
  const later = new Date('2030-01-01');
  for (const changed of [
    { ...query, expires: String(Number(query.expires) + 1) },
    { ...query, expires: `0${query.expires}` },
    {
      ...query,
      signature: `A${query.signature?.slice(1)}` === query.signature ? 'B' : `A${query.signature?.slice(1)}`,
    },
    { ...query, signature: '' },
    { expires: query.expires },
    { ...query, expires: ['1', '2'] },
    {},
  ]) {
    expect(verifyLink(key, subject, changed, later)).toBe('invalid');
  }
  expect(verifyLink('another key of the same kind', subject, query, before)).toBe('invalid');
});
