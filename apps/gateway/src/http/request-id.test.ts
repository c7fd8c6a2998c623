import { publicUrlOf } from './public-url.js';
import { requestIdOf } from './request-id.js';
import { retryMarksOf } from './retry-marks.js';

test.each(['abc-123', 'req_01J', '0f8fad5b-d9cb-469f-a165-70867728950e', 'a:b.c'])(
  'keeps a sane request id %s',
  (id) => {
    expect(requestIdOf({ headers: { 'x-request-id': id } })).toBe(id);
  },
);

test.each(['', 'a b', 'a\nb', 'ä', '<script>', 'x'.repeat(129)])('makes its own id instead of %j', (id) => {
  expect(requestIdOf({ headers: { 'x-request-id': id } })).toMatch(/^req_[0-9A-Z]{26}$/);
});

test.each([
  ['localhost:8000', 'http://localhost:8000'],
  ['video.example.org', 'http://video.example.org'],
  ['[::1]:8000', 'http://[::1]:8000'],
  ["x' onerror='alert(1)", ''],
  ['', ''],
])('a link for host %j begins with %j', (host, expected) => {
  expect(publicUrlOf({ protocol: 'http', host } as Parameters<typeof publicUrlOf>[0], undefined)).toBe(expected);
});

test('PUBLIC_URL comes before what the client sent', () => {
  const request = { protocol: 'http', host: 'evil.example' } as Parameters<typeof publicUrlOf>[0];
  expect(publicUrlOf(request, 'https://video.example.org/reelay')).toBe('https://video.example.org/reelay');
});

test.each([
  [{}, { retryCount: 0 }],
  [{ 'x-stainless-retry-count': '2' }, { retryCount: 2 }],
  [{ 'x-stainless-retry-count': '-1' }, { retryCount: 0 }],
  [{ 'x-stainless-retry-count': 'many' }, { retryCount: 0 }],
  [{ 'idempotency-key': 'k1' }, { retryCount: 0, idempotencyKey: 'k1' }],
])('reads the marks of a retry from %j', (headers, expected) => {
  expect(retryMarksOf({ headers })).toEqual(expected);
});

test('refuses an Idempotency-Key that is too long', () => {
  expect(() => retryMarksOf({ headers: { 'idempotency-key': 'x'.repeat(256) } })).toThrow('255');
});
