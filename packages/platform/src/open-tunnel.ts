import type { Socket } from 'node:net';

/** A raw connection to the target through a proxy, whose names it resolves. @throws ConnectError */
export type OpenTunnel = (target: { hostname: string; port: number }) => Promise<Socket>;
