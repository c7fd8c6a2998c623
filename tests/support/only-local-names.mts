// Loaded into the processes of a stack whose requests are made up (`--import`): none of them may ask a stranger's server anything. Whatever
// has another name than this machine is as unknown to them as on a machine without a network.
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { isIP } from 'node:net';

const isLocal = (name: unknown) =>
  typeof name !== 'string' || name === '' || name === 'localhost' || /^(127\.|::1$|0\.0\.0\.0$)/.test(name);
const unknown = (name: string) =>
  Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), {
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname: name,
  });

const { lookup } = dns;
const { lookup: lookupInTime } = dns.promises;
type Call = (...given: unknown[]) => unknown;

dns.lookup = ((...given: unknown[]) => {
  const [name] = given;
  const callback = given.at(-1);
  if (isLocal(name) || isIP(String(name)) !== 0 || typeof callback !== 'function') return (lookup as Call)(...given);
  process.nextTick(callback as (error: Error) => void, unknown(String(name)));
  return {};
}) as typeof lookup;
dns.promises.lookup = (async (...given: unknown[]) => {
  const [name] = given;
  if (isLocal(name) || isIP(String(name)) !== 0) return (lookupInTime as Call)(...given);
  throw unknown(String(name));
}) as typeof lookupInTime;
syncBuiltinESMExports();
