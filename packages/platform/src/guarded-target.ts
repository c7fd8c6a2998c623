/**
 * Where an address that a stranger chose may lead, and a connection that leads there and nowhere else. Every hop of a redirect begins
 * here anew. It must not reach anything inside, whatever its spelling and its DNS answers, and no error tells what lies there.
 */
import { isIP, type LookupFunction } from 'node:net';
import { Client } from 'undici';
import { isPublicAddress } from './public-address.js';
import { type Resolve, resolveOwn, resolvePublic } from './resolve-name.js';

export interface GuardRules {
  /** `host:port` of private places that may be reached all the same (FETCH_ALLOW); an IPv6 address in brackets. */
  readonly allow?: readonly string[];
  /** All addresses of a name; another one only in tests. */
  readonly resolve?: Resolve;
  /** Ports of public servers; others only in tests. */
  readonly ports?: readonly string[];
  /** Until the head of an answer, and between two pieces of its body. */
  readonly idleTimeoutMs?: number;
}

export type GuardErrorKind = 'invalid_url' | 'not_public' | 'no_answer' | 'timeout';

/** Its message is for the user who gave the address. */
export class GuardError extends Error {
  override readonly name = 'GuardError';

  constructor(
    readonly kind: GuardErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const PUBLIC_PORTS: readonly string[] = ['80', '443', '8443'];
const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 10_000;

/** @throws GuardError `invalid_url` */
export function parseTarget(text: string, base?: string): URL {
  // A URL parser drops line ends in the middle, and what is then fetched is not what was written.
  if (hasControlCharacter(text) || !URL.canParse(text, base)) {
    throw new GuardError('invalid_url', 'This is not a URL; write it as https://host/path.');
  }
  const url = new URL(text, base);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new GuardError('invalid_url', 'Only http and https URLs are used; send other files as a data URI.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new GuardError('invalid_url', 'A URL with a user or password in it is not used; give one that needs none.');
  }
  return url;
}

/**
 * What can be said of an address without asking anybody: its form, host and port. Names are resolved only by `connectToTarget`.
 * @throws GuardError `invalid_url`, `not_public`
 */
export function checkTarget(text: string, rules: GuardRules): void {
  const url = parseTarget(text);
  if (!isAllowed(url, rules)) refuseInside(url, rules);
}

/**
 * A connection to the addresses that were checked, which asks nobody again; Host, SNI and certificate stay those of the URL.
 * @throws GuardError `not_public`, or the signal's reason
 */
export async function connectToTarget(url: URL, rules: GuardRules, signal: AbortSignal): Promise<Client> {
  const pinned = (await findAddresses(url, rules, signal)).map((address) => ({ address, family: isIP(address) }));
  const lookupPinned: LookupFunction = (_hostname, { all }, callback) => {
    if (all) callback(null, pinned);
    else callback(null, pinned[0]?.address ?? '', pinned[0]?.family);
  };
  return new Client(url.origin, {
    allowH2: false,
    connect: { lookup: lookupPinned, timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: rules.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    bodyTimeout: rules.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
  });
}

/** Every address that the connection may use. One bad one spoils all: which of them is used would be left to chance. */
async function findAddresses(url: URL, rules: GuardRules, signal: AbortSignal): Promise<string[]> {
  const isNamed = isAllowed(url, rules);
  if (!isNamed) refuseInside(url, rules);
  const hostname = hostOf(url);
  const addresses = isIP(hostname) === 0 ? await resolveName(hostname, { isNamed, rules }, signal) : [hostname];
  // A name that is unknown here and one that leads inside get the same answer, or the names inside could be found out.
  if (addresses.length === 0 || (!isNamed && !addresses.every(isPublicAddress))) throw notPublic();
  return addresses;
}

/** Hosts and ports that are refused whatever a resolver would say. */
function refuseInside(url: URL, { ports = PUBLIC_PORTS }: GuardRules): void {
  const hostname = hostOf(url);
  const isInside = isIP(hostname) === 0 ? isInsideName(hostname) : !isPublicAddress(hostname);
  if (isInside || !ports.includes(portOf(url))) throw notPublic();
}

/** Of single machines, containers, clusters and clouds. A name without a dot is never one of the public DNS. */
function isInsideName(hostname: string): boolean {
  const labels = hostname.replace(/\.$/, '').split('.');
  return labels.length === 1 || INSIDE_ZONES.has(labels.at(-1) ?? '');
}

const INSIDE_ZONES = new Set([
  'arpa',
  'localhost',
  'localdomain',
  'local',
  'internal',
  'intranet',
  'lan',
  'home',
  'corp',
  'svc',
]);

async function resolveName(
  name: string,
  { isNamed, rules }: { isNamed: boolean; rules: GuardRules },
  signal: AbortSignal,
): Promise<string[]> {
  const { resolve = isNamed ? resolveOwn : resolvePublic } = rules;
  const aborted = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const resolved = resolve(name, signal).then(
    (addresses) => [...addresses],
    () => [],
  );
  return Promise.race([resolved, aborted]);
}

function isAllowed(url: URL, { allow = [] }: GuardRules): boolean {
  return allow.some((place) => place.toLowerCase() === `${url.hostname}:${portOf(url)}`);
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80');
}

/** One and the same for all reasons. */
function notPublic(): GuardError {
  return new GuardError(
    'not_public',
    'This URL does not lead to a public server on one of the usual web ports; give one that anybody can open.',
  );
}

function hasControlCharacter(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\u0000-\u001f\u007f]/.test(text);
}
