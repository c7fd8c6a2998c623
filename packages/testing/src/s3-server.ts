/** A server that speaks S3, as a process of its own: it checks signatures, takes uploads in parts and answers ranges. For tests. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestS3Server {
  endpoint: string;
  bucket: string;
  /** The only one it knows; another secret is refused. */
  accessKey: { id: string; secret: string };
  close(): Promise<void>;
}

const bucket = 'reelay-test';
const accessKey = { id: 'S3RVER', secret: 'S3RVER' };

const program = `
  const S3rver = require(process.argv[1]);
  const server = new S3rver({
    address: '127.0.0.1', port: 0, silent: true, directory: process.argv[2], configureBuckets: [{ name: process.argv[3] }],
  });
  server.run().then(({ port }) => process.stdout.write(port + '\\n'));
  // Ends with the test, however that ends.
  process.stdin.on('end', () => process.exit()).resume();
`;

export async function startTestS3Server(): Promise<TestS3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'reelay-s3-'));
  const server = spawn(process.execPath, ['-e', program, require.resolve('@20minutes/s3rver'), folder, bucket], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(server, 'exit');
  const listening = once(server.stdout, 'data').then(([line]) => Number(String(line)));
  const port = await Promise.race([listening, ended.then(() => undefined)]);
  if (!port) throw new Error('The S3 server for tests did not start; its own words are above.');
  return {
    ...{ bucket, accessKey },
    endpoint: `http://127.0.0.1:${port}`,
    close: async () => {
      server.stdin.end();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
