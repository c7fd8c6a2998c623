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
const usualKey = { id: 'S3RVER', secret: 'S3RVER' };

const program = `
  const [s3rver, folder, bucket, account, id, secret] = process.argv.slice(1);
  const S3rver = require(s3rver);
  const { DUMMY_ACCOUNT } = require(account);
  DUMMY_ACCOUNT.revokeAccessKey('S3RVER');
  DUMMY_ACCOUNT.createKeyPair(id, secret);
  const server = new S3rver({
    address: '127.0.0.1', port: 0, silent: true, directory: folder, configureBuckets: [{ name: bucket }],
  });
  server.run().then(({ port }) => process.stdout.write(port + '\\n'));
  // Ends with the test, however that ends.
  process.stdin.on('end', () => process.exit()).resume();
`;

export async function startTestS3Server(accessKey = usualKey): Promise<TestS3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'reelay-s3-'));
  const s3rver = require.resolve('@20minutes/s3rver');
  const account = require.resolve('@20minutes/s3rver/lib/models/account');
  const given = [s3rver, folder, bucket, account, accessKey.id, accessKey.secret];
  const server = spawn(process.execPath, ['-e', program, ...given], { stdio: ['pipe', 'pipe', 'inherit'] });
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
