import net from 'node:net';

/** A port of 127.0.0.1 that nothing listens on at this moment; whoever uses it must still be ready to lose a race for it. */
export async function freePort(): Promise<number> {
  const port = await tryListen(0, '127.0.0.1');
  if (port === undefined) throw new Error('The system gave no free port on 127.0.0.1; is the loopback interface up?');
  return port;
}

/** `wanted` if it can be listened on, else a free one. */
export async function wantedOrFreePort(wanted: number, host = '127.0.0.1'): Promise<number> {
  return (await tryListen(wanted, host)) ?? (await freePort());
}

function tryListen(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : undefined));
    });
  });
}
