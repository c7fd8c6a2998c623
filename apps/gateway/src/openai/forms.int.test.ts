/** Forms byte by byte, as browsers, workflow tools and other languages write them. */
import { waitFor } from '@reelay/testing/wait-for';
import { succeedWith } from '../testing/play-worker.js';
import { samplePng } from '../testing/sample-media.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await openTestGateway({ settings: { 'generation.waitMs': 60_000, 'stream.recheckMs': 50 } });
  key = await gateway.newClient();
});
afterAll(() => gateway.close());

const png = samplePng(16, 16);
type Part = [head: string, content?: string | Uint8Array];

const field = (name: string, text: string | Uint8Array): Part => [`name="${name}"`, text];
const file = (name: string, bytes: Uint8Array = png): Part => [
  `name="${name}"; filename="a.png"\r\nContent-Type: image/png`,
  bytes,
];
/** What a browser sends for an input in which no file was chosen. */
const unchosen = (name: string): Part => [`name="${name}"; filename=""\r\nContent-Type: application/octet-stream`];

function send(path: string, ...parts: Part[]): Promise<Response> {
  const written = parts.flatMap(([head, content = '']) => [
    Buffer.from(`--edge\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
  const body = Buffer.concat([...written, Buffer.from('--edge--\r\n')]);
  return gateway.send(key, path, { body, headers: { 'content-type': 'multipart/form-data; boundary=edge' } });
}

async function errorOf(answer: Promise<Response>): Promise<unknown> {
  const { error } = (await (await answer).json()) as {
    error?: { code: string; param: string | null; message: string };
  };
  return error && { code: error.code, param: error.param, message: error.message };
}

/** What was kept to be edited, and the answer once the image is made. */
async function edit(prompt: string, ...parts: Part[]): Promise<{ answer: Response; references: number }> {
  const answer = send('/v1/images/edits', field('prompt', prompt), ...parts);
  const refusal = answer.then(async (given) => {
    if (!given.ok) throw new Error(await given.text());
  });
  let id: string | undefined;
  const isThere = async () => {
    const rows = await gateway.database.$queryRaw<{ id: string }[]>`
      SELECT id FROM generation WHERE request->>'prompt' = ${prompt}`;
    id = rows[0]?.id;
    return id !== undefined;
  };
  const found = waitFor(isThere, { timeoutMs: 20_000, intervalMs: 10 });
  await Promise.race([found, refusal.then(() => found)]);
  const references = await gateway.database.asset.count({ where: { generationId: id!, role: 'reference' } });
  await succeedWith(gateway, id!, { media: [{ contentType: 'image/png', bytes: png, width: 16, height: 16 }] });
  return { answer: await answer, references };
}

describe('an input in which no file was chosen', () => {
  test('is no image and no mask', async () => {
    const { answer, references } = await edit('unchosen', file('image'), unchosen('image'), unchosen('mask'));
    expect([answer.status, references]).toEqual([200, 1]);
  });

  test('is no image that a video is made of', async () => {
    const answer = await send('/v1/videos', field('prompt', 'a boat'), unchosen('input_reference'));
    expect(answer.status).toBe(200);
  });

  test('is missing where a file is needed, and an empty file is not one that was not chosen', async () => {
    expect(await errorOf(send('/v1/images/edits', field('prompt', 'x'), unchosen('image')))).toMatchObject({
      ...{ code: 'missing_required_parameter', param: 'image' },
    });
    const empty = send('/v1/videos', field('prompt', 'x'), file('input_reference', new Uint8Array()));
    expect(await errorOf(empty)).toMatchObject({ code: 'invalid_reference', param: 'input_reference' });
  });
});

describe('images', () => {
  test('are one by a number in brackets as by its plain name', async () => {
    const { answer, references } = await edit('numbered', file('image[0]'));
    expect([answer.status, references]).toEqual([200, 1]);
  });

  test.each([[['image[0]', 'image[1]']], [['image', 'image']], [['image', 'image[]']], [['image[]', 'image']]])(
    'as %j are two, which is more than the model takes',
    async (names) => {
      const error = await errorOf(send('/v1/images/edits', field('prompt', 'x'), ...names.map((name) => file(name))));
      expect(error).toMatchObject({ code: 'invalid_value', param: 'image[1]' });
    },
  );
});

describe('what is not text', () => {
  test.each(['False', 'FALSE', 'false'])('may be %s, and a number 1.0', async (stream) => {
    const parts = [file('image'), field('stream', stream), field('n', '1.0')];
    const { answer } = await edit(`not streamed: ${stream}`, ...parts);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await answer.json()).toMatchObject({ data: [{ url: expect.any(String) as string }] });
  });

  test('may be True', async () => {
    const { answer } = await edit('streamed', file('image'), field('stream', 'True'));
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(await answer.text()).toContain('event: image_edit.completed');
  });

  test.each<[string, string, Part[]]>([
    ['/v1/videos', 'input_reference.file_id', [field('input_reference', '{"file_id":"file-none"}')]],
    ['/v1/videos', 'characters[0].id', [field('characters', ' [{"id":"char_none"}]')]],
    ['/v1/videos', 'characters[0].id', [field('characters[0][id]', 'char_none')]],
    ['/v1/videos', 'characters[0].id', [field('characters[0]', '{"id":"char_none"}')]],
    ['/v1/videos/extensions', 'video.id', [field('video', '{"id":"video_none"}')]],
    ['/v1/images/edits', 'images[0].file_id', [field('images', '[{"file_id":"file-none"}]')]],
  ])('may be JSON in %s: %s', async (path, param, parts) => {
    expect(await errorOf(send(path, field('prompt', 'x'), ...parts))).toMatchObject({ param });
  });

  test('may be the JSON of an expiry', async () => {
    const expiry = field('expires_after', '{"anchor":"created_at","seconds":3600}');
    const answer = await send('/v1/files', field('purpose', 'vision'), expiry, file('file'));
    expect(await answer.json()).toMatchObject({ object: 'file', expires_at: expect.any(Number) as number });
  });
});

describe('a text', () => {
  test.each(['{"prompt":"a boat"}', '[1, 2]'])('stays one, also when it reads like JSON: %s', async (prompt) => {
    const answer = await send('/v1/videos', field('prompt', prompt));
    expect(await answer.json()).toMatchObject({ prompt });
  });

  test.each(['', '\r\nContent-Type: text/plain; charset=utf-8'])(
    'that is not UTF-8 is refused by name%s',
    async (type) => {
      const prompt: Part = [`name="prompt"${type}`, new Uint8Array([0xff, 0xfe])];
      expect(await errorOf(send('/v1/videos', prompt))).toEqual({
        ...{ code: 'invalid_value', param: 'prompt', message: expect.stringContaining('is not UTF-8') as string },
      });
    },
  );

  test('may say in which characters it is written', async () => {
    const prompt: Part = [
      'name="prompt"\r\nContent-Type: text/plain; charset=ISO-8859-1',
      new Uint8Array([0xe9, 0x21]),
    ];
    expect(await (await send('/v1/videos', prompt)).json()).toMatchObject({ prompt: 'é!' });
    expect(await (await send('/v1/videos', field('prompt', 'é � 😀'))).json()).toMatchObject({ prompt: 'é � 😀' });
  });
});
