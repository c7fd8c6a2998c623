import { BoardSessions } from './board-session.js';

let now = Date.parse('2026-11-22T12:00:00Z');
const keys = { webKey: 'web key of the tests 1', adminKey: 'admin-key-of-the-tests-1' };
const sessions = new BoardSessions({ ...keys, now: () => now });
const pairOf = (setCookie: string) => setCookie.split(';', 1)[0] ?? '';

beforeEach(() => {
  now = Date.parse('2026-11-22T12:00:00Z');
});

test('a session ends after an hour, whatever the browser keeps', () => {
  const cookie = `theme=dark; ${pairOf(sessions.begin({ isSecure: false }))}; other=1`;
  expect(sessions.secondsLeft(cookie)).toBe(3_600);
  now += 3_599_000;
  expect(sessions.secondsLeft(cookie)).toBe(1);
  now += 1_000;
  expect(sessions.secondsLeft(cookie)).toBe(0);
});

test('a cookie that was changed, made with other keys or is none opens nothing', () => {
  const cookie = pairOf(sessions.begin({ isSecure: false }));
  const later = cookie.replace(/=\d+/, (expires) => `=${Number(expires.slice(1)) + 3_600}`);
  const foreign = [
    new BoardSessions({ ...keys, webKey: 'another web key of the tests', now: () => now }),
    new BoardSessions({ ...keys, adminKey: 'another-admin-key-of-the-tests', now: () => now }),
  ].map((other) => pairOf(other.begin({ isSecure: false })));
  for (const bad of [
    undefined,
    '',
    'reelay_board',
    'reelay_board=',
    'reelay_board=1.x',
    later,
    ...foreign,
    `x${cookie}`,
  ])
    expect([bad, sessions.secondsLeft(bad)]).toEqual([bad, 0]);
  expect(sessions.secondsLeft(`reelay_board=1.x; ${cookie}`)).toBe(3_600);
});

test('the cookie is Secure where the reader comes by https, and always out of reach of scripts and other sites', () => {
  expect(sessions.begin({ isSecure: true })).toMatch(/; Path=\/admin; .*HttpOnly; SameSite=Strict; Secure$/);
  expect(sessions.begin({ isSecure: false })).not.toContain('Secure');
  expect(sessions.end({ isSecure: true })).toMatch(/^reelay_board=; Path=\/admin; Max-Age=0;/);
});
