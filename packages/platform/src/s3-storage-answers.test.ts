/** What a bucket may answer that the S3 server for tests does not. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Storage } from './s3-storage.js';

let server: Server;
let storage: S3Storage;
let answer: (request: { method: string; url: URL }, response: ServerResponse) => void;

beforeEach(async () => {
  server = createServer((request: IncomingMessage, response) => {
    request.resume();
    answer({ method: request.method ?? '', url: new URL(request.url ?? '', 'http://bucket') }, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  storage = new S3Storage({
    ...{ bucket: 'media', prefix: 'reelay/', region: 'us-east-1', isPathStyle: true, publicEndpoint: undefined },
    ...{ endpoint: `http://127.0.0.1:${port}`, accessKey: { id: 'id', secret: 'secret' } },
  });
});
afterEach(async () => {
  storage.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function send(response: ServerResponse, status: number, xml = ''): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(xml);
}
const errorOf = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>x</Message></Error>`;

test('deleting what is not there is no error of a service that tells so either, but a bucket that is not there is', async () => {
  answer = (_, response) => send(response, 404, errorOf('NoSuchKey'));
  await storage.delete('results/gone.mp4');
  answer = (_, response) => send(response, 404, errorOf('NoSuchBucket'));
  await expect(storage.delete('results/gone.mp4')).rejects.toMatchObject({ kind: 'unavailable' });
});

describe('unfinished uploads', () => {
  const now = Date.UTC(2026, 0, 10);
  const hourMs = 3_600_000;

  interface Upload {
    key: string;
    hours: number;
  }

  /** Two on a page, as a bucket has them; refuses to give up what `failing` names. */
  function hold(uploads: readonly Upload[], failing: Record<string, [number, string]> = {}) {
    const asked: string[] = [];
    const aborted: string[] = [];
    answer = ({ method, url }, response) => {
      const key = url.pathname.replace(/^\/media\/?/, '');
      if (method === 'DELETE') {
        const failure = failing[key];
        if (failure) return send(response, failure[0], errorOf(failure[1]));
        aborted.push(key);
        return send(response, 204);
      }
      const prefix = url.searchParams.get('prefix') ?? '';
      asked.push(prefix);
      const after = url.searchParams.get('key-marker') ?? '';
      const matching = uploads.filter((upload) => upload.key.startsWith(prefix) && upload.key > after);
      const shown = matching.slice(0, 2).map(({ key: name, hours }) => {
        const begun = new Date(now - hours * hourMs).toISOString();
        return `<Upload><Key>${name}</Key><UploadId>u</UploadId><Initiated>${begun}</Initiated></Upload>`;
      });
      const next = `<IsTruncated>${matching.length > 2}</IsTruncated><NextKeyMarker>${matching[1]?.key ?? ''}</NextKeyMarker>`;
      const xml = `<ListMultipartUploadsResult>${next}${shown.join('')}</ListMultipartUploadsResult>`;
      send(response, 200, `<?xml version="1.0"?>${xml}`);
    };
    return { asked, aborted };
  }

  it('of ours are given up after a day, on all pages, and nobody else’s', async () => {
    const ours = [
      'reelay/references/a',
      'reelay/results/1',
      'reelay/results/2',
      'reelay/results/3',
      'reelay/uploads/z',
    ];
    const others = ['other/results/1', 'reelay/backups/1', 'reelay/results-of-others/1', 'results/1'];
    const uploads = [...ours, ...others].map((key) => ({ key, hours: 25 }));
    const { asked, aborted } = hold([...uploads, { key: 'reelay/results/slow', hours: 23 }]);
    expect(await storage.sweepUnfinished(hourMs, now)).toBe(5);
    expect(aborted.sort()).toEqual(ours);
    expect([...new Set(asked)].sort()).toEqual(['reelay/references/', 'reelay/results/', 'reelay/uploads/']);
  });

  it('that cannot be given up keep none of the others, and the reason is told', async () => {
    const keys = ['reelay/references/a', 'reelay/results/1', 'reelay/uploads/z'];
    const uploads = keys.map((key) => ({ key, hours: 25 }));
    const { aborted } = hold(uploads, { 'reelay/results/1': [403, 'AccessDenied'] });
    await expect(storage.sweepUnfinished(hourMs, now)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('AccessDenied') as string,
    });
    expect(aborted.sort()).toEqual(['reelay/references/a', 'reelay/uploads/z']);
  });

  it('that were completed meanwhile are no error', async () => {
    const uploads = ['reelay/results/1', 'reelay/results/2'].map((key) => ({ key, hours: 25 }));
    hold(uploads, { 'reelay/results/1': [404, 'NoSuchUpload'] });
    expect(await storage.sweepUnfinished(hourMs, now)).toBe(1);
  });
});
