import type { AccountContext } from '@reelay/contracts/provider';
import type { ClientProfile } from './client-profile.js';

/**
 * What the upstream's page script would report about its browser, in 18 elements; the search replaces the fourth and the tenth.
 * Made anew for every search, because it carries the time and what a page load draws at random. Source: sora-web.md 2.2, base column.
 */
export function createConfigArray(
  profile: ClientProfile,
  { now, random, uuid }: Pick<AccountContext, 'now' | 'random' | 'uuid'>,
): readonly (number | string)[] {
  const pick = <Item>(pool: readonly Item[]) => pool[Math.floor(random() * pool.length)] ?? pool[0]!;
  const nowMs = now();
  const pageAgeMs = 10_000 + random() * 90_000;
  return [
    profile.screenSum,
    formatEasternTime(nowMs),
    heapLimit,
    0,
    profile.desktopUserAgent,
    script,
    build,
    'en-US',
    'en-US,es-US,en,es',
    0,
    pick(navigatorKeys),
    pick(documentKeys),
    pick(windowKeys),
    pageAgeMs,
    uuid(),
    '',
    profile.cores,
    nowMs - pageAgeMs,
  ];
}

/** `Tue Jan 20 2026 12:00:00 GMT-0500 (Eastern Standard Time)`: fixed at UTC−5, summer or not, as the observed client does. */
function formatEasternTime(nowMs: number): string {
  // A date written for UTC is in English whatever the machine's locale; only its parts stand in another order.
  const shifted = new Date(nowMs - 5 * 3_600_000).toUTCString();
  const [weekday, day, month, year, time] = shifted.split(/,? /);
  return `${weekday} ${month} ${day} ${year} ${time} GMT-0500 (Eastern Standard Time)`;
}

const heapLimit = 4_294_705_152;
const script =
  'https://cdn.oaistatic.com/_next/static/cXh69klOLzS0Gy2joLDRS/_ssgManifest.js?dpl=453ebaec0d44c2decab71692e1bfe39be35a24b3';
const build = 'prod-f501fe933b3edf57aea882da888e1a544df99840';

/** Name and value are joined by U+2212 MINUS SIGN, which is not a hyphen. */
const navigatorKeys = [
  ['registerProtocolHandler', 'function registerProtocolHandler() { [native code] }'],
  ['storage', '[object StorageManager]'],
  ['locks', '[object LockManager]'],
  ['appCodeName', 'Mozilla'],
  ['permissions', '[object Permissions]'],
  ['webdriver', 'false'],
  ['vendor', 'Google Inc.'],
  ['mediaDevices', '[object MediaDevices]'],
  ['cookieEnabled', 'true'],
  ['product', 'Gecko'],
  ['productSub', '20030107'],
  ['hardwareConcurrency', '32'],
  ['onLine', 'true'],
].map((pair) => pair.join('\u2212'));

const documentKeys = ['_reactListeningo743lnnpvdg', 'location'];

const windowKeys = (
  '0 window self document name location navigator screen innerWidth innerHeight localStorage sessionStorage crypto ' +
  'performance fetch setTimeout setInterval console'
).split(' ');
