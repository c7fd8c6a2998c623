/** The address of a proxy as people write it, read once for everybody: what is accepted is what can be dialled. */
import { z } from 'zod';

/** `connect` is an http or https proxy used by CONNECT; `socks` is SOCKS5 with names resolved at the proxy. */
export type ProxyKind = 'connect' | 'socks';

export interface ProxyAddress {
  kind: ProxyKind;
  /** Whether the way to the proxy itself is TLS. */
  secure: boolean;
  /** Without the brackets of an IPv6 address. */
  hostname: string;
  port: number;
  /** Decoded; empty when the address names none. */
  user: string;
  password: string;
}

const schemes: Readonly<Record<string, { kind: ProxyKind; port: number }>> = {
  'http:': { kind: 'connect', port: 80 },
  'https:': { kind: 'connect', port: 443 },
  'socks5:': { kind: 'socks', port: 1080 },
  'socks5h:': { kind: 'socks', port: 1080 },
};

/** One byte holds the length of each in SOCKS5 (RFC 1929). */
const longestSocksField = 255;

/** @throws Error with a sentence that says what to mend and never quotes the address, which may hold a password. */
export function parseProxyAddress(text: string): ProxyAddress {
  const url = readUrl(text);
  const scheme = schemes[url.protocol];
  if (!scheme) {
    throw new Error('A proxy address begins with http://, https://, socks5:// or socks5h://.');
  }
  if (url.hostname === '')
    throw new Error('The proxy address names no host; write it as socks5://user:password@host:port.');
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '') {
    // Else `http://me:12#34@host` would be the host "me" and its port 12.
    throw new Error(
      'Nothing may follow the port of a proxy address. In a user or password "/", "?" and "#" are written as %2F, %3F and %23.',
    );
  }
  const address = {
    kind: scheme.kind,
    secure: url.protocol === 'https:',
    hostname: readHost(url),
    port: url.port === '' ? scheme.port : Number(url.port),
    user: decode(url.username),
    password: decode(url.password),
  };
  if (address.port === 0) throw new Error('Port 0 of the proxy address is no port that can be reached.');
  checkCredentials(address);
  return address;
}

/** The address without its secret, for people who look: `socks5://user@host:1080`. A user alone may be a key: `http://***@host:80`. */
export function describeProxy(text: string): string {
  const { hostname, port, user, password } = parseProxyAddress(text);
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  const shownUser = password === '' ? '***' : encodeURIComponent(user);
  return `${readUrl(text).protocol}//${user === '' ? '' : `${shownUser}@`}${host}:${port}`;
}

export const proxyUrlSchema = z
  .string()
  .max(2_048)
  .superRefine((text, context) => {
    try {
      parseProxyAddress(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });

function readUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    // The error of the URL itself would quote the password.
    throw new Error('The proxy address cannot be read; write it as socks5://user:password@host:port.');
  }
}

/** As hosts of http are read: of other schemes a URL leaves them as they were typed, and no resolver knows `%D1%80`. */
function readHost({ hostname }: URL): string {
  return readUrl(`http://${hostname}`).hostname.replace(/^\[|\]$/g, '');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('A "%" in the user or password of a proxy address is written as %25.');
  }
}

function checkCredentials({ kind, user, password }: ProxyAddress): void {
  if (kind === 'connect') {
    if (user.includes(':')) throw new Error('The user of an http proxy must not contain a colon.');
    return;
  }
  const longest = Math.max(...[user, password].map((field) => new TextEncoder().encode(field).length));
  if (longest > longestSocksField) {
    throw new Error(`The user and the password of a SOCKS5 proxy have at most ${longestSocksField} bytes each.`);
  }
  if (user === '' && password !== '') throw new Error('The proxy address has a password but no user.');
}
