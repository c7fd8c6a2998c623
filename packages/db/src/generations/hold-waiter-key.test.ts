import net, { type AddressInfo } from 'node:net';
import { holdWaiterKey } from './hold-waiter-key.js';

test('Postgres is asked to notice within half a minute that the host of a lock lost its power', async () => {
  let greeting = '';
  const server = net.createServer((socket) =>
    socket
      .on('error', () => {})
      .once('data', (data) => {
        greeting += data.toString('latin1');
        socket.destroy();
      }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `postgresql://nobody@127.0.0.1:${(server.address() as AddressInfo).port}/none?sslmode=disable`;
  const waiterKey = await holdWaiterKey({ url, applicationName: 'test-waiter' });
  await waiterKey.close();
  await new Promise((resolve) => server.close(resolve));
  expect(greeting).toContain('-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3');
});
