/** Against servers that say what a gateway should not. */
import net from 'node:net';
import { type Framing, FuzzRequest } from './fuzz-request.js';
import { talk } from './talk.js';

interface Heard {
  text: string;
}

/** Answers every connection with these bytes once it has heard something. */
async function withServer<Result>(
  answer: string,
  work: (url: string, heard: Heard) => Promise<Result>,
): Promise<Result> {
  const heard: Heard = { text: '' };
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      heard.text += data.toString('latin1');
    });
    socket.once('data', () => socket.end(answer, 'latin1'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  try {
    return await work(`http://127.0.0.1:${port}`, heard);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const request = (
  method = 'POST',
  framing: Framing = 'length',
  body: Uint8Array | undefined = Buffer.from('{"a":"é"}'),
) => new FuzzRequest({ method, target: '/x?ÿ', headers: [['host', 'a']], body, framing });
const ok = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';

test.each<[string, string, string, string]>([
  ['with its length', 'GET', `${ok}content-length: 3\r\n\r\nabc`, 'abc'],
  ['in chunks', 'GET', `${ok}transfer-encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n`, 'abc'],
  ['until the end', 'GET', `${ok}\r\nabc`, 'abc'],
  ['after "Continue"', 'GET', `HTTP/1.1 100 Continue\r\n\r\n${ok}content-length: 1\r\n\r\na`, 'a'],
  ['to HEAD', 'HEAD', `${ok}content-length: 3\r\n\r\n`, ''],
])('an answer %s is read', async (_name, method, text, body) => {
  const answer = await withServer(text, (url) => talk(url, request(method)));
  expect([answer.status, answer.body.toString(), answer.headers['content-type']]).toEqual([200, body, 'text/plain']);
});

test.each<[string, string]>([
  ['nothing', ''],
  ['half of a head', 'HTTP/1.1 200 OK\r\nConte'],
  ['half of a body', `${ok}content-length: 5\r\n\r\nabc`],
  ['half of a chunk', `${ok}transfer-encoding: chunked\r\n\r\n5\r\nab`],
  ['no HTTP', 'hello\r\n\r\n'],
])('%s is no answer', async (_name, text) => {
  await expect(withServer(text, (url) => talk(url, request()))).rejects.toThrow(/ended|no HTTP answer/);
});

test.each<[Framing, RegExp]>([
  ['length', /content-length: 10\r\n\r\n\{"a":"Ã©"\}$/],
  ['chunked', /transfer-encoding: chunked\r\n\r\n5;a=b\r\n\{"a":\r\n5;a=b\r\n"Ã©"\}\r\n0\r\nx-trailer: 1\r\n\r\n$/],
  ['longer', /content-length: 20\r\n\r\n\{"a":"Ã©"\}$/],
  ['shorter', /content-length: 5\r\n\r\n\{"a":"Ã©"\}$/],
  ['none', /host: a\r\n\r\n\{"a":"Ã©"\}$/],
])('a body is framed as asked for: %s', (framing, text) => {
  const sent = Buffer.concat(request('POST', framing).pieces()).toString('latin1');
  expect(sent).toMatch(/^POST \/x\?ÿ HTTP\/1\.1\r\nhost: a\r\n/);
  expect(sent).toMatch(text);
});
