/** Real name servers, on this machine: one that answers, and one that never does. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { guardedRequest } from './guarded-request.js';
import { createPublicResolve, resolveOwn } from './resolve-name.js';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});
const never = new AbortController().signal;

async function nameServer(answer: (question: Buffer) => Buffer | undefined): Promise<string> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.on('message', (question, from) => {
    const said = answer(question);
    if (said) socket.send(said, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return `127.0.0.1:${(socket.address() as AddressInfo).port}`;
}

const typeA = 1;
/** One question as RFC 1035 writes it, answered with one A record; there are no others. */
function answerWith(address: readonly number[]): (question: Buffer) => Buffer {
  return (question) => {
    const endOfName = question.indexOf(0, 12) + 1;
    const asked = question.subarray(12, endOfName + 4);
    const isFound = question.readUInt16BE(endOfName) === typeA;
    const head = Buffer.from([0, 0, 0x81, 0x80, 0, 1, 0, isFound ? 1 : 0, 0, 0, 0, 0]);
    question.copy(head, 0, 0, 2);
    const record = Buffer.from([0xc0, 12, 0, typeA, 0, 1, 0, 0, 0, 60, 0, 4, ...address]);
    return Buffer.concat(isFound ? [head, asked, record] : [head, asked]);
  };
}

test('a name has the addresses that its server says, also when it has only those of one family', async () => {
  const resolve = createPublicResolve([await nameServer(answerWith([192, 0, 2, 7]))]);
  expect(await resolve('hooks.example', never)).toEqual(['192.0.2.7']);
});

test('names of a silent server hold up neither other names nor the threads of the process, and end with their signal', async () => {
  const silent = await nameServer(() => undefined);
  const abort = new AbortController();
  const stuck = Array.from({ length: 16 }, (_, n) => createPublicResolve([silent])(`n${n}.example`, abort.signal));
  const resolve = createPublicResolve([await nameServer(answerWith([192, 0, 2, 8]))]);
  expect(await resolve('hooks.example', never)).toEqual(['192.0.2.8']);
  expect(await resolveOwn('localhost', never)).not.toEqual([]);
  expect((await readFile(__filename)).length).toBeGreaterThan(0);
  abort.abort(new Error('stopping'));
  expect(await Promise.all(stuck)).toEqual(stuck.map(() => []));
});

test('an address inside is refused, whatever server says that a public name leads there', async () => {
  const resolve = createPublicResolve([await nameServer(answerWith([127, 0, 0, 1]))]);
  const request = guardedRequest({
    url: 'http://hooks.example/',
    method: 'GET',
    headers: {},
    mostAnswerBytes: 1,
    resolve,
  });
  await expect(request).rejects.toMatchObject({ kind: 'not_public' });
});

test('only places that the operator named are asked for as the system does it', async () => {
  const request = (allow: string[]) =>
    guardedRequest({ url: 'http://localhost:9/', method: 'GET', headers: {}, mostAnswerBytes: 1, allow });
  await expect(request([])).rejects.toMatchObject({ kind: 'not_public' });
  // Found by the hosts file, where then nobody listens.
  await expect(request(['localhost:9'])).rejects.toMatchObject({ kind: 'no_answer' });
});
