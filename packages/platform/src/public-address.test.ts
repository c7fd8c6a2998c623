import { BlockList, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { isPublicAddress } from './public-address.js';

test.each([
  '1.1.1.1',
  '8.8.8.8',
  '93.184.215.14',
  '172.15.255.255',
  '172.32.0.0',
  '100.63.255.255',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001:81b::200e',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test.each([
  ...['0.0.0.0', '0.1.2.3', '127.0.0.1', '127.255.255.254', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  ...['169.254.169.254', '100.64.0.1', '100.100.100.200', '192.0.0.192', '192.0.2.1', '192.88.99.1', '198.18.0.1'],
  ...['198.51.100.1', '203.0.113.9', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255', '168.63.129.16'],
  ...['::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:0:8.8.8.8', 'fe80::1', 'fe80::1%eth0'],
  ...['fc00::1', 'fd00:ec2::254', 'fec0::1', 'ff02::1', '2002:a9fe:a9fe::', '64:ff9b::a9fe:a9fe', '64:ff9b:1::1'],
  ...['2001:0:4136:e378:8000:63bf:3fff:fdd2', '2001:db8::1', '3fff::1', '100::1', '5f00::1', '4000::1', '2001:2::1'],
  ...['', 'localhost', '1.2.3', '0x7f.1', '127.0.0.1:80', '[::1]', '2130706433'],
])('"%s" is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

/** IANA's special-purpose registries, judged by Node itself. */
// One each: Node takes an IPv4 address for one of the IPv4-mapped range.
const special = { ipv4: new BlockList(), ipv6: new BlockList() };
const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');
for (const range of [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4', '::/96', '::ffff:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64'],
  ...[
    '2001::/23',
    '2001:db8::/32',
    '2002::/16',
    '3fff::/20',
    '5f00::/16',
    'fc00::/7',
    'fe80::/10',
    'fec0::/10',
    'ff00::/8',
  ],
]) {
  const [network = '', bits] = range.split('/');
  special[familyOf(network)].addSubnet(network, Number(bits), familyOf(network));
}

test('nothing in a special-purpose range is public, however it is chosen and spelled', () => {
  const near = fc.constantFrom(
    ...['10.0.0.0', '172.31.255.255', '100.127.255.255', '169.254.169.254', '198.19.255.255'],
  );
  const address = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    near,
    near.map((inner) => `::ffff:${inner}`),
    near.map((inner) => `64:ff9b::${inner}`),
    fc.tuple(fc.constantFrom('2002', '2001', 'fe80', 'fd00', 'fec0', '64'), fc.ipV6()).map(([head, tail]) => {
      const words = new URL(`http://[${tail}]`).hostname.slice(1, -1);
      return words.includes('::') ? `${head}::1` : words.replace(/^[^:]+/, head);
    }),
  );
  fc.assert(
    fc.property(address, (text) => {
      if (special[familyOf(text)].check(text, familyOf(text))) expect(isPublicAddress(text)).toBe(false);
    }),
    { numRuns: 3_000 },
  );
});
