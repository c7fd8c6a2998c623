import { AppError } from '@reelay/contracts/errors';
import fc from 'fast-check';
import { createLogger, type LoggerOptions, withLogFields } from './logger.js';

function capture(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({ app: 'worker', write: (line) => lines.push(line), ...options });
  return { log, lines };
}

test('writes one readable line per event: time, app, level, message, fields', () => {
  const { log, lines } = capture();
  log.info({ generationId: '01J', tries: 2, note: 'two words' }, 'submitted');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(
    /^\d{4}-\d\d-\d\dT[\d:.]+Z worker +info +submitted generationId=01J tries=2 note="two words"\n$/,
  );
});

test('writes JSON with the same fields for machines', () => {
  const { log, lines } = capture({ format: 'json' });
  log.warn({ requestId: 'r1' }, 'slow');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ app: 'worker', level: 'warn', message: 'slow', requestId: 'r1' });
});

test('bound ids stand on every line, however deep, and not outside', async () => {
  const { log, lines } = capture();
  await withLogFields({ requestId: 'r1' }, async () => {
    await Promise.resolve();
    withLogFields({ generationId: '01J' }, () => log.info('inner'));
    log.info('outer');
  });
  log.info('outside');
  expect(lines.map((line) => [/requestId=r1/.test(line), /generationId=01J/.test(line)])).toEqual([
    [true, true],
    [true, false],
    [false, false],
  ]);
});

test('an error is told by kind, code and message; its place in the code only from level error on', () => {
  const { log, lines } = capture();
  log.warn({ error: new AppError('not_found', 'no such thing') }, 'refused');
  log.error({ error: new TypeError('x is not\na function') }, 'failed');
  expect(lines[0]).toContain('(not_found): no such thing"');
  expect(lines[0]).not.toContain(' at=');
  expect(lines[1]).toContain('error="TypeError: x is not\\na function" at="');
});

test('nothing a client sends can begin a new line or move the cursor', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (message, value) => {
      const { log, lines } = capture();
      log.info({ value, [value]: 1 }, message);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what must not appear
      expect(lines.join('')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]|\n(?!$)/);
      expect(lines).toHaveLength(1);
    }),
  );
  const { log, lines } = capture();
  log.info({ agent: 'x\r\n2026 forged' }, 'in\nside');
  expect(lines[0]).toContain('in\\nside agent="x\\r\\n2026 forged"');
});

const secret = fc.stringMatching(/^[A-Za-z0-9]{43}$/);
const shapes: [string, (text: string) => unknown][] = [
  ['bearer in a message', (text) => `sent Bearer ${text} to it`],
  ['bearer in a header', (text) => ({ headers: { authorization: `Bearer ${text}` } })],
  ['own API key', (text) => `key rly_${text} was used`],
  ['JWT', (text) => ({ body: `{"a":"eyJhbGciOiJub25lIn0.${text}.${text}"}` })],
  ['data URI', (text) => ({ image: `data:image/png;base64,${text}==` })],
  ['proxy with password', (text) => ({ proxyUrl: `http://user:${text}@proxy:3128` })],
  ['proxy with an "@" in its password', (text) => `socks5://user:p@${text}@proxy:1080 is dead`],
  ['proxy with a quote in its password', (text) => `socks5://user:p'${text}@proxy:1080 is dead`],
  ['cookie field', (text) => ({ request: { Cookie: `a=${text}` } })],
  ['cookie in text', (text) => `got Set-Cookie: session=${text}; Path=/`],
  ['session cookie', (text) => `__Secure-next-auth.session-token=${text}`],
  ['access token field', (text) => ({ list: [{ accessToken: text }, { refresh_token: text }] })],
  ['token in JSON text', (text) => ({ body: `{"access_token":"${text}"}` })],
  ['named keys', (text) => ({ WEB_KEY: text, master_key: text, password: text, clientSecret: text })],
  ['signature in a URL', (text) => `GET https://x.test/v?expires=1&signature=${text}`],
  ['error message', (text) => ({ error: new Error(`refused for Bearer ${text}`) })],
  ['cause of an error', (text) => ({ error: new Error('outer', { cause: new Error(`Bearer ${text}`) }) })],
];

test.each(shapes)('hides a secret: %s', (_name, shape) => {
  fc.assert(
    fc.property(secret, (text) => {
      for (const format of ['text', 'json'] as const) {
        const { log, lines } = capture({ format });
        const value = shape(text);
        if (typeof value === 'string') {
          log.error(value);
          log.child({ detail: value }).error({ nested: { deep: [value] } }, 'again');
        } else log.error(value, 'event');
        expect(lines.join('')).not.toContain(text);
      }
    }),
    { numRuns: 20 },
  );
});

test('leaves ids, counters and ordinary links readable', () => {
  const { log, lines } = capture();
  log.info({ tokenId: '01JTOKEN', tokens: 3, hasPassword: true, url: 'https://x.test/v?limit=15' }, 'assigned');
  expect(lines[0]).toContain('tokenId=01JTOKEN tokens=3 hasPassword=true url="https://x.test/v?limit=15"');
});

test('an error of Redis is logged without the command it failed in, which may be AUTH', () => {
  const { log, lines } = capture({ format: 'json' });
  const error = Object.assign(new Error('WRONGPASS'), {
    command: { name: 'hello', args: ['3', 'AUTH', 'bob', 'hunter2'] },
  });
  log.warn({ error }, 'Redis is not reachable');
  log.warn({ err: error }, 'Redis is not reachable');
  expect(lines.join('')).toContain('WRONGPASS');
  expect(lines.join('')).not.toContain('hunter2');
});
