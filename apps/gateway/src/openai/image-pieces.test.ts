import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { base64Of, imagesAnswer } from './image-pieces.js';

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

test.each([[[]], [[1]], [[2]], [[3]], [[1, 1, 1]], [[2, 2, 2, 2]], [[64, 65, 66, 1]], [[0, 5, 0]]])(
  'bytes in chunks of %j have the base64 of the whole',
  async (sizes: number[]) => {
    const chunks = sizes.map((size) => randomBytes(size));
    const source = (async function* () {
      yield* chunks;
    })();
    expect(await textOf(base64Of(source))).toBe(Buffer.concat(chunks).toString('base64'));
  },
);

test('an answer of several images is one JSON object, each image whole and with its own fields', async () => {
  const files = new Map([
    ['a', randomBytes(100_000)],
    ['b', randomBytes(7)],
  ]);
  const storage = { open: async (key: string) => Readable.from([files.get(key) as Buffer]) };
  const images = [...files.keys()].map((storageKey) => ({ storageKey, fields: { id: storageKey } }));
  expect(JSON.parse(await textOf(imagesAnswer(storage, { created: 1 }, images)))).toEqual({
    created: 1,
    data: [...files].map(([id, bytes]) => ({ id, b64_json: bytes.toString('base64') })),
  });
});
