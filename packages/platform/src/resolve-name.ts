/**
 * The two ways from a name to its addresses. Names that strangers chose are asked for without a thread: the system's own way holds one of the
 * few that the whole process has, for as long as a name server is silent. Names of the operator go the system's way, which knows its hosts
 * file and its search list.
 */
import { lookup, Resolver } from 'node:dns/promises';

export type Resolve = (hostname: string, signal: AbortSignal) => Promise<readonly string[]>;

const patience = { timeout: 2_000, tries: 2 };

/** Other servers than those of the system only in tests. */
export function createPublicResolve(servers?: readonly string[]): Resolve {
  return async (hostname, signal) => {
    signal.throwIfAborted();
    const resolver = new Resolver(patience);
    if (servers) resolver.setServers(servers);
    const cancel = () => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      // Most names have addresses of one family only, and for the other a failure.
      const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
      return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  };
}

export const resolvePublic: Resolve = createPublicResolve();

export const resolveOwn: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address);
