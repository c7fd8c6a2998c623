/** What happens on the way between two processes. */
import type { Concerned } from '@reelay/testing/fault-proxy';
import { type Link, links } from '../stand/stand.js';
import { type Fault, holdUntilStruck, pause } from './fault.js';

type Kind = 'latency' | 'slow' | 'reset' | 'cut' | 'black hole' | 'refused';
const kinds: readonly Kind[] = ['latency', 'slow', 'reset', 'cut', 'black hole', 'refused'];

export const linkFaults: readonly Fault[] = [
  ...links.flatMap((link) => kinds.map((kind) => linkFault(link, kind))),
  ...(['reset', 'cut', 'black hole'] as const).map((kind) => linkFault('redis', kind, { isOnlyMarked: true })),
];

function linkFault(link: Link, kind: Kind, concerned: Concerned = {}): Fault {
  return {
    name: `${concerned.isOnlyMarked ? 'pub/sub' : link}: ${kind}`,
    inject: async (stand, holdMs) => {
      const proxy = stand.link(link);
      const every = 200;
      const before = proxy.struck;
      const hasStruck = () => proxy.struck > before;
      switch (kind) {
        case 'latency':
          proxy.set({ latencyMs: 100 }, concerned);
          break;
        case 'slow':
          proxy.set({ bytesPerSecond: 40_000 }, concerned);
          break;
        case 'black hole':
          proxy.set({ isBlackhole: true }, concerned);
          break;
        case 'refused':
          proxy.set({ isRefusing: true }, concerned);
          proxy.reset(concerned);
          break;
        case 'reset':
        case 'cut':
          // Again and again: what has just connected is broken off, too.
          for (let heldMs = 0; heldMs < holdMs; heldMs += every) {
            proxy[kind](concerned);
            await pause(every);
          }
          return void (await holdUntilStruck(0, () => {
            if (!hasStruck()) proxy[kind](concerned);
            return hasStruck();
          }));
      }
      try {
        return void (await holdUntilStruck(holdMs, hasStruck));
      } finally {
        proxy.heal();
      }
    },
  };
}

/** What two faults cannot have at once: on one link the second would take the place of the first. */
export function placeOf(fault: Fault): string {
  if (!linkFaults.includes(fault)) return fault.name;
  const [link = ''] = fault.name.split(': ');
  return link === 'pub/sub' ? 'redis' : link;
}
