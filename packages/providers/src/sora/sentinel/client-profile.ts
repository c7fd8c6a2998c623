/**
 * What an account looks like to the upstream, as data. Everything that would be the same on every visit of one person's devices is
 * picked once per token, by a hash of its id: an account that changes its devices with every request is no person.
 * Source: sora-web.md 1.2 and 2.2, base column.
 */
import { createHash } from 'node:crypto';

export interface ClientProfile {
  /** Sent with everything the mobile app does. */
  readonly appUserAgent: string;
  /** Sent with the sentinel request and the account's web calls, and part of the proof of work. */
  readonly desktopUserAgent: string;
  /** Width plus height. */
  readonly screenSum: number;
  readonly cores: number;
  /** What the site's cookie calls this browser: a version 4 UUID. */
  readonly deviceId: string;
}

/** The same profile for a token in every process and after every restart. */
export function pickClientProfile(tokenId: string): ClientProfile {
  const digest = createHash('sha256').update(tokenId).digest();
  const pick = <Item>(pool: readonly Item[], place: number) => pool[digest.readUInt32BE(place * 4) % pool.length]!;
  return {
    appUserAgent: pick(appUserAgents, 0),
    desktopUserAgent: pick(desktopUserAgents, 1),
    screenSum: pick(screenSums, 2),
    cores: pick(coreCounts, 3),
    deviceId: toUuid(digest.subarray(16)),
  };
}

function toUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  const variant = '89ab'[(bytes[8] ?? 0) % 4];
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-');
}

const app = (version: number, device: string) => `Sora/1.2026.007 (Android ${version}; ${device}; build 2600700)`;
const desktop = (platform: string, version: number) =>
  `Mozilla/5.0 (${platform}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`;

export const appUserAgents: readonly string[] = [
  app(15, '24122RKC7C'),
  app(14, 'SM-G998B'),
  app(15, 'Pixel 8 Pro'),
  app(14, 'Pixel 7'),
  app(15, '2211133C'),
  app(14, 'SM-S918B'),
  app(15, 'OnePlus 12'),
];

export const desktopUserAgents: readonly string[] = [
  desktop('Windows NT 10.0; Win64; x64', 131),
  desktop('Windows NT 10.0; Win64; x64', 130),
  desktop('Windows NT 10.0; Win64; x64', 129),
  desktop('Macintosh; Intel Mac OS X 10_15_7', 131),
  desktop('Macintosh; Intel Mac OS X 10_15_7', 130),
  desktop('X11; Linux x86_64', 131),
  desktop('Windows NT 11.0; Win64; x64', 131),
];

const screenSums = [3000, 4000, 3120, 4160];
const coreCounts = [8, 16, 24, 32];
