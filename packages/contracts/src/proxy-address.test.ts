import fc from 'fast-check';
import { describeProxy, parseProxyAddress, proxyUrlSchema } from './proxy-address.js';

const plain = { secure: false, user: '', password: '' };

test.each([
  ['http://proxy.example', { ...plain, kind: 'connect', hostname: 'proxy.example', port: 80 }],
  ['https://proxy.example', { ...plain, kind: 'connect', secure: true, hostname: 'proxy.example', port: 443 }],
  ['socks5://proxy.example', { ...plain, kind: 'socks', hostname: 'proxy.example', port: 1080 }],
  ['socks5h://[2001:db8::1]:9050', { ...plain, kind: 'socks', hostname: '2001:db8::1', port: 9050 }],
  [
    'socks5://user:p%40ss%3A%2F%25word@127.0.0.1:1081',
    { kind: 'socks', secure: false, hostname: '127.0.0.1', port: 1081, user: 'user', password: 'p@ss:/%word' },
  ],
  ['http://me@proxy.example:8080/', { ...plain, kind: 'connect', hostname: 'proxy.example', port: 8080, user: 'me' }],
  // As http reads its hosts, whatever the scheme: what is accepted can be looked up.
  ['socks5://Прокси.example:1080', { ...plain, kind: 'socks', hostname: 'xn--h1adldfi.example', port: 1080 }],
  ['socks5h://0x7f.1', { ...plain, kind: 'socks', hostname: '127.0.0.1', port: 1080 }],
])('%s is read into its parts', (text, address) => {
  expect(parseProxyAddress(text)).toEqual(address);
});

test.each([
  ['proxy.example:8080', 'begins with http://'],
  ['socks4://u:secret@proxy.example', 'begins with http://'],
  ['http://u:secret@:8080', 'cannot be read'],
  ['http://u:secret@proxy.example:99999', 'cannot be read'],
  ['socks5://u:secret@', 'cannot be read'],
  ['socks5:secret', 'names no host'],
  ['http://u:secret%@proxy.example', 'written as %25'],
  ['http://u%3Ax:secret@proxy.example', 'colon'],
  ['socks5://:secret@proxy.example', 'no user'],
  ['http://u:secret@proxy.example:0', 'Port 0'],
  // Read as they stand, these would be the host "u" and the port 12: a part of the password shown, and looked up.
  ['http://u:12#secret@proxy.example:3128', '%23'],
  ['socks5://u:12/secret@proxy.example', '%2F'],
  ['https://u:12?secret@proxy.example', '%3F'],
  ['http://proxy.example:3128/secret', 'Nothing may follow'],
])('%s is refused with a sentence that does not quote it', (text, reason) => {
  const { success, error } = proxyUrlSchema.safeParse(text);
  expect({ success, message: error?.message }).toEqual({ success: false, message: expect.stringContaining(reason) });
  expect(error?.message).not.toContain('secret');
});

test('a SOCKS5 password that its length byte cannot count is refused before a proxy hears of it', () => {
  const longest = `socks5://u:${'%C3%A9'.repeat(127)}x@proxy.example`;
  expect(proxyUrlSchema.safeParse(longest).success).toBe(true);
  expect(proxyUrlSchema.safeParse(longest.replace('x@', 'xy@')).error?.message).toContain('255 bytes');
});

test('what is shown of an address has everything but its secret', () => {
  expect(describeProxy('socks5://me:secret@proxy.example')).toBe('socks5://me@proxy.example:1080');
  expect(describeProxy('https://proxy.example:8443/')).toBe('https://proxy.example:8443');
  expect(describeProxy('http://a%20b:secret@[::1]:3128')).toBe('http://a%20b@[::1]:3128');
  // Of some services the user is the key, and there is no password.
  expect(describeProxy('http://secret:@proxy.example')).toBe('http://***@proxy.example:80');
});

test('any user and password survive their way through an address', () => {
  const field = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes(':'));
  fc.assert(
    fc.property(field, field, fc.constantFrom('http', 'https', 'socks5', 'socks5h'), (user, password, scheme) => {
      fc.pre(user !== '' && new TextEncoder().encode(user + password).length < 250);
      const text = `${scheme}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@proxy.example:1234`;
      expect(parseProxyAddress(text)).toMatchObject({ user, password, hostname: 'proxy.example', port: 1234 });
      const shownUser = password === '' ? '***' : encodeURIComponent(user);
      expect(describeProxy(text)).toBe(`${scheme}://${shownUser}@proxy.example:1234`);
    }),
  );
});
