import { languageOf, signInPage } from './board-pages.js';
import { safeNext, signInPathFor } from './board-paths.js';
import { isSameOrigin } from './same-origin.js';

test.each([
  [undefined, 'en'],
  ['zh-CN,zh;q=0.9,en;q=0.8', 'zh-Hans'],
  ['fr, en;q=0.5, zh;q=0.6', 'zh-Hans'],
  ['en-GB, zh;q=0.9', 'en'],
  ['zh;q=0, en;q=0.1', 'en'],
  ['fr, de', 'en'],
  [';;,=,*', 'en'],
])('a reader of %s gets %s', (header, language) => {
  expect(languageOf(header)).toBe(language);
});

test.each([
  ['/admin/queues/queue/run?status=failed', '/admin/queues/queue/run?status=failed'],
  ['/admin/queues', '/admin/queues'],
  ...[
    ...[
      'https://evil.example/admin/queues',
      '//evil.example/admin/queues',
      '/\\evil.example',
      '/admin/queues/../../v1',
    ],
    ...['/admin/queuesx', '/admin/queues/sign-out', '/admin/queues/api/queues', 'javascript:alert(1)', '', undefined],
    ...[['/admin/queues'], `/admin/queues/${'x'.repeat(2_000)}`],
  ].map((bad): [unknown, string] => [bad, '/admin/queues']),
] as [unknown, string][])('signing in with next %j leads to %s', (next, path) => {
  expect(safeNext(next)).toBe(path);
});

test('the way back is kept through the form, whatever it contains', () => {
  const url = '/admin/queues/queue/run?q="><script>alert(1)</script>&x=1';
  const link = new URL(signInPathFor(url), 'http://here.invalid');
  const page = signInPage({ language: 'en', next: safeNext(link.searchParams.get('next')) });
  expect(page).not.toContain('<script>');
  expect(page).toContain('name="next" value="/admin/queues/queue/run?q=');
});

test.each([
  [{ 'sec-fetch-site': 'same-origin' }, true],
  [{ 'sec-fetch-site': 'same-origin', origin: 'null' }, true],
  [{ 'sec-fetch-site': 'cross-site', origin: 'http://board.example:8000' }, false],
  [{ 'sec-fetch-site': 'same-site' }, false],
  [{ 'sec-fetch-site': 'none' }, false],
  [{ origin: 'http://board.example:8000' }, true],
  // TLS ends before us.
  [{ origin: 'https://board.example:8000' }, true],
  [{ origin: 'https://public.example' }, true],
  [{ origin: 'http://public.example' }, false],
  [{ origin: 'http://board.example' }, false],
  [{ origin: 'null' }, false],
  [{}, false],
])('a request that says %j is of our own page: %s', (headers, isOurs) => {
  expect(isSameOrigin({ headers, host: 'Board.example:8000' }, 'https://public.example/reelay')).toBe(isOurs);
});
