import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Whether an IP address is one that anybody on the internet may mean: public unicast, and nothing that carries another address inside
 * (IPv4-mapped, NAT64, 6to4, Teredo), for what that one would reach is another's decision. What is not known to be public is not.
 */
export function isPublicAddress(address: string): boolean {
  // Only as resolvers and URLs write them: ipaddr.js would also take `127.1`, and a zone (`fe80::1%eth0`).
  if (isIP(address) === 0 || address.includes('%')) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv6 ? parsed.match(GLOBAL_UNICAST) : address !== AZURE_HOST;
}

/** All of IPv6 that has ever been given out; the list of what is special within it may grow. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** Looks public, and is the machine beneath a virtual machine of Azure, with its metadata and keys. */
const AZURE_HOST = '168.63.129.16';
