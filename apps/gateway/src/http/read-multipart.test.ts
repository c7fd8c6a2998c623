import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { UploadedFile } from '@reelay/contracts/openai/videos';
import { StoredUpload } from '@reelay/contracts/request/stored-upload';
import { waitFor } from '@reelay/testing/wait-for';
import { releaseBody } from './body-limits.js';
import type { FormObject } from './bracket-fields.js';
import { MemoryBudget } from './memory-budget.js';
import { type MultipartLimits, readMultipart } from './read-multipart.js';
import { toAppError } from './to-app-error.js';

const mebibyte = 1024 * 1024;
const soon = { timeoutMs: 8_000, intervalMs: 5 };
const boundary = 'edge';
let server: http.Server;
let url: string;
let budget: MemoryBudget;
let limits: Partial<MultipartLimits>;
/** What became of files: bytes of each that was kept, messages of those that were not. */
let kept: number[];
let dropped: string[];
let form: FormObject | undefined;

beforeEach(async () => {
  budget = new MemoryBudget({ totalBytes: 8 * mebibyte, patienceMs: 100 });
  limits = {};
  kept = [];
  dropped = [];
  form = undefined;
  server = http.createServer((request, response) => {
    const options = { mostBytes: 20 * mebibyte, mostTextBytes: 2 * mebibyte, mostFileBytes: 10 * mebibyte };
    readMultipart(request, { ...options, budget, keepFile: (_request, source) => keep(source), ...limits }).then(
      (read) => {
        form = read;
        response.end('read');
      },
      (error: unknown) => {
        const { code, param, message } = toAppError(error);
        response.end(JSON.stringify({ code, param, message }));
      },
    );
    response.once('close', () => releaseBody(request));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function keep(source: AsyncIterable<Uint8Array>): Promise<StoredUpload> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  try {
    for await (const chunk of source) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
  } catch (error) {
    dropped.push((error as Error).message);
    throw error;
  }
  kept.push(sizeBytes);
  return new StoredUpload('somewhere', sizeBytes, hash.digest('hex'));
}

const file = (name: string, bytes: Uint8Array, fileName = 'a.bin'): [string, Blob, string] => [
  name,
  new Blob([new Uint8Array(bytes)]),
  fileName,
];
type Part = [string, string] | [string, Blob, string];

async function send(...parts: Part[]): Promise<string> {
  const body = new FormData();
  for (const [name, value, fileName] of parts) {
    if (value instanceof Blob) body.append(name, value, fileName);
    else body.append(name, value);
  }
  const response = await fetch(url, { method: 'POST', body });
  return response.text();
}
const refused = async (...parts: Part[]) =>
  JSON.parse(await send(...parts)) as { code: string; param?: string; message: string };
const bytes = (length: number) => Buffer.alloc(length, 7);

test('texts and files come in any order, and files in the order in which they were sent', async () => {
  const [first, second] = [bytes(3 * mebibyte), bytes(10)];
  const answer = await send(
    file('image[]', first, 'böot.png'),
    ['prompt', 'a boat'],
    file('image[]', second, 'b.png'),
    ['input_reference[file_id]', 'file-1'],
  );
  expect(answer).toBe('read');
  const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');
  expect(form).toEqual({
    image: [
      new UploadedFile('böot.png', new StoredUpload('somewhere', first.length, sha256(first))),
      new UploadedFile('b.png', new StoredUpload('somewhere', second.length, sha256(second))),
    ],
    prompt: 'a boat',
    input_reference: { file_id: 'file-1' },
  });
});

test('files take nothing of the memory for bodies, however large they are', async () => {
  let least = budget.freeBytes;
  limits.keepFile = async (_request, source) => {
    const watched = (async function* () {
      for await (const chunk of source) {
        least = Math.min(least, budget.freeBytes);
        yield chunk;
      }
    })();
    return keep(watched);
  };
  expect(await send(file('video', bytes(9 * mebibyte)))).toBe('read');
  expect([kept, least]).toEqual([[9 * mebibyte], 8 * mebibyte]);
});

test('long texts do take it, for as long as the request lasts', async () => {
  let freeWhileRead = 0;
  limits.keepFile = async (_request, source) => {
    freeWhileRead = budget.freeBytes;
    return keep(source);
  };
  expect(await send(['image_url', 'x'.repeat(mebibyte + 200_000)], file('image', bytes(2 * mebibyte)))).toBe('read');
  expect(freeWhileRead).toBe(6 * mebibyte);
  await waitFor(() => budget.freeBytes === 8 * mebibyte, soon);
});

test.each<[string, () => Part[], string, string | undefined, RegExp]>([
  ['a file', () => [file('video', bytes(10 * mebibyte + 1))], 'request_too_large', 'video', /at most 10 MiB/],
  ['a text', () => [['prompt', 'x'.repeat(2 * mebibyte + 1)]], 'request_too_large', undefined, /texts of a form/],
  [
    'many texts together',
    () => Array.from({ length: 5 }, (_, n): Part => [`t${n}`, 'x'.repeat(mebibyte / 2)]),
    ...(['request_too_large', undefined, /texts of a form/] as const),
  ],
  [
    'a form',
    () => [file('a', bytes(9 * mebibyte)), file('b', bytes(9 * mebibyte)), file('c', bytes(9 * mebibyte))],
    ...(['request_too_large', undefined, /at most 20 MiB/] as const),
  ],
])('%s that is too large is refused', async (_what, parts, code, param, message) => {
  const error = await refused(...parts());
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
  expect(error.param).toBe(param);
});

test('a file is named when it is what makes a form without a length too large', async () => {
  const request = http.request(url, {
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
  });
  const answer = new Promise<string>((resolve) => {
    request.on('response', (response) => response.on('data', (data: Buffer) => resolve(data.toString())));
  });
  limits = { mostBytes: 2 * mebibyte };
  request.write(`--${boundary}\r\nContent-Disposition: form-data; name="video"; filename="a"\r\n\r\n`);
  request.write(bytes(3 * mebibyte));
  expect(JSON.parse(await answer)).toMatchObject({ code: 'request_too_large', param: 'video' });
  await waitFor(() => dropped.length === 1, soon);
  request.destroy();
});

test('two files of one name are refused, not one of them dropped', async () => {
  const error = await refused(file('video', bytes(5)), file('video', bytes(6)));
  expect(error).toMatchObject({ code: 'invalid_value', param: 'video' });
});

/** Each with the head of its part after `form-data; `. */
async function sendRaw(...parts: [string, Uint8Array][]): Promise<string> {
  const written = parts.map(([head, content]) => [
    ...[Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`), content, Buffer.from('\r\n')],
  ]);
  const body = Buffer.concat([...written.flat(), Buffer.from(`--${boundary}--\r\n`)]);
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
  return (await fetch(url, { method: 'POST', headers, body })).text();
}
const typed = (charset: string) => `\r\nContent-Type: text/plain; charset=${charset}`;

test('an input without a file is left out, a file without bytes or without a name is not', async () => {
  const binary = '\r\nContent-Type: application/octet-stream';
  const answer = await sendRaw(
    [`name="a"; filename=""${binary}`, bytes(0)],
    // As Node's own forms write it.
    [`name="b"${binary}`, bytes(0)],
    [`name="c"; filename="a.bin"${binary}`, bytes(0)],
    [`name="d"; filename=""${binary}`, bytes(1)],
    [`name="e"${binary}`, bytes(1)],
  );
  expect(answer).toBe('read');
  const upload = (fileName: string, sizeBytes: number): unknown =>
    expect.objectContaining({ fileName, bytes: expect.objectContaining({ sizeBytes }) as unknown });
  expect(form).toEqual({ c: upload('a.bin', 0), d: upload('', 1), e: upload('upload', 1) });
});

test('texts are read in the characters that each part names for itself', async () => {
  const answer = await sendRaw(
    [`name="plain"`, Buffer.from('é \u{fffd} 😀')],
    [`name="named"${typed('utf-8')}`, Buffer.from('é \u{fffd} 😀')],
    [`name="latin"${typed('"ISO-8859-1"')}`, Buffer.from([0xe9])],
    [`name="file"; filename="é.png"${typed('utf-8')}`, Buffer.from([0xff, 0xfe])],
    [`name="after"`, Buffer.from('é')],
    [`name="wide"${typed('UTF-16LE')}`, Buffer.from('é', 'utf16le')],
    [`name="unknown"${typed('klingon')}`, Buffer.from('é')],
  );
  expect(answer).toBe('read');
  expect(form).toEqual({
    ...{ plain: 'é \u{fffd} 😀', named: 'é \u{fffd} 😀', latin: 'é', after: 'é', wide: 'é', unknown: 'é' },
    file: expect.objectContaining({ fileName: 'é.png', bytes: expect.objectContaining({ sizeBytes: 2 }) as unknown }),
  });
});

test.each(['', typed('utf-8'), typed('klingon')])('a text that is not UTF-8 is refused by its name%j', async (type) => {
  const error: unknown = JSON.parse(await sendRaw([`name="prompt"${type}`, Buffer.from([0x61, 0xff, 0xfe])]));
  expect(error).toMatchObject({
    ...{ code: 'invalid_value', param: 'prompt', message: expect.stringMatching(/is not UTF-8/) as string },
  });
});

test('JSON is read where an object or a list is written, and nowhere else', async () => {
  const answer = await send(
    ['video', ' {"id":"video_1"}'],
    ['characters[]', '{"id":"char_1"}'],
    ['input_reference', '{no JSON'],
    ['prompt', '{"a":1}'],
    ['input_reference_2', '[1]'],
  );
  expect(answer).toBe('read');
  expect(form).toEqual({
    ...{ video: { id: 'video_1' }, characters: [{ id: 'char_1' }], input_reference: '{no JSON' },
    ...{ prompt: '{"a":1}', input_reference_2: '[1]' },
  });
});

test('JSON of a form has the limits of JSON, and is named', async () => {
  const error = await refused(['video', `[${'0,'.repeat(mebibyte / 2)}0,"${'x'.repeat(200_000)}"]`]);
  expect(error).toMatchObject({ code: 'request_too_large', param: 'video' });
});

test('a file that cannot be kept fails the form, also one that is not read at all', async () => {
  limits.keepFile = () => Promise.reject(new Error('disk full'));
  const error = await refused(file('a', bytes(5 * mebibyte)), ['prompt', 'a boat']);
  expect(error).toMatchObject({
    code: 'service_unavailable',
    message: expect.not.stringContaining('disk full') as string,
  });
});

test('whoever keeps a file is told when its client leaves, or its form breaks off', async () => {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="video"; filename="a"\r\n\r\n`;
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
  const leaving = http.request(url, { method: 'POST', headers }).on('error', () => {});
  const isReading = new Promise<void>((resolve) => {
    limits.keepFile = (_request, source) => {
      resolve();
      return keep(source);
    };
  });
  leaving.write(head + 'x'.repeat(1000));
  await isReading;
  leaving.destroy();
  await waitFor(() => dropped.length === 1, soon);
  const response = await fetch(url, { method: 'POST', headers, body: `${head}only half` });
  expect(await response.json()).toMatchObject({ code: 'invalid_request' });
  await waitFor(() => dropped.length === 2, soon);
  expect(kept).toEqual([]);
});

test('a form that holds a place and stops coming is refused, and whoever keeps its file is told; without a place it may go on', async () => {
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
  const pace = { bytesPerSecond: mebibyte, windowMs: 50 };
  const begin = () => {
    const request = http.request(url, { method: 'POST', headers }).on('error', () => {});
    const answer = new Promise<string>((resolve) => {
      request.on('response', (response) => response.on('data', (data: Buffer) => resolve(data.toString())));
    });
    const isReading = new Promise<void>((resolve) => {
      limits.keepFile = (_request, source) => {
        resolve();
        return keep(source);
      };
    });
    request.write(`--${boundary}\r\nContent-Disposition: form-data; name="video"; filename="a"\r\n\r\nbegun`);
    return { request, answer, isReading };
  };
  limits = { pace };
  const patient = begin();
  await patient.isReading;
  limits = { pace, hasPlace: true };
  const stuck = begin();
  expect(JSON.parse(await stuck.answer)).toMatchObject({
    code: 'invalid_request',
    message: expect.stringMatching(/KiB a second/) as string,
  });
  stuck.request.destroy();
  expect(kept).toEqual([]);
  patient.request.end(`\r\n--${boundary}--\r\n`);
  expect(await patient.answer).toBe('read');
  expect(kept).toEqual([5]);
});
