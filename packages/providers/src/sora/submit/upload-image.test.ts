import { AppError } from '@reelay/contracts/errors';
import type { UpstreamRequest } from '@reelay/contracts/provider';
import { createContext, textRequest, tokenId } from '../__fixtures__/contexts.js';
import { parseRecorded } from '../__fixtures__/recorded.js';
import { image, imageRequest, storyboardRequest } from '../__fixtures__/requests.js';
import { ScriptedUpstream } from '../__fixtures__/scripted-upstream.js';
import { pickClientProfile } from '../sentinel/client-profile.js';
import { SoraProvider } from '../sora-provider.js';

const provider = new SoraProvider();
const errors = parseRecorded<Record<string, unknown>>('errors.json');
const route = 'POST /backend/uploads';
let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await new ScriptedUpstream().start();
  upstream.on(route, { body: { id: 'media_01' } });
});
afterEach(() => upstream.close());

test.each([imageRequest, textRequest, storyboardRequest])(
  'an image is uploaded before $workflow, and only one',
  async (request) => {
    const prepared = await provider.prepare({ ...request, references: [image] }, createContext(upstream.url));
    expect(prepared).toEqual({ mediaId: 'media_01' });
    expect(upstream.log).toEqual([route]);
  },
);

test.each([
  ['image/png', 'image.png'],
  ['image/jpeg', 'image.jpg'],
  ['image/webp', 'image.webp'],
])('%s goes under its own name and type', async (contentType, filename) => {
  const request = { ...imageRequest, references: [{ ...image, contentType }] };
  await provider.prepare(request, createContext(upstream.url));
  const boundary = '----------------------------00000000000040008000000000000001';
  const { headers, body } = upstream.requests[0]!;
  expect(body).toBe(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\nContent-Type: ${contentType}\r\n\r\n` +
      `bytes of picture \u{1f98a}\r\n--${boundary}\r\nContent-Disposition: form-data; name="file_name"\r\n\r\n${filename}\r\n` +
      `--${boundary}--\r\n`,
  );
  expect(headers).toMatchObject({
    authorization: 'Bearer access-token-of-ada',
    'user-agent': pickClientProfile(tokenId).appUserAgent,
    'content-type': `multipart/form-data; boundary=${boundary}`,
  });
});

test('an upload is marked as one, so that it may leave by a proxy of its own, and costs nothing', async () => {
  const context = createContext(upstream.url);
  const seen: UpstreamRequest[] = [];
  await provider.prepare(
    { ...imageRequest, references: [image] },
    {
      ...context,
      fetch: (request) => {
        seen.push(request);
        return context.fetch(request);
      },
    },
  );
  expect(seen).toMatchObject([{ purpose: 'upload' }]);
  expect(seen[0]?.beforeSend).toBeUndefined();
});

test('an image of another type is refused before it is read', async () => {
  const request = { ...imageRequest, references: [{ ...image, contentType: 'image/gif' }] };
  const readReference = () => Promise.reject(new Error('read'));
  await expect(provider.prepare(request, createContext(upstream.url, { readReference }))).rejects.toMatchObject({
    code: 'invalid_reference',
    fault: 'client',
  });
});

test('an image the store has lost is told as such', async () => {
  const lost = new AppError('media_unavailable', 'gone');
  const context = createContext(upstream.url, { readReference: () => Promise.reject(lost) });
  await expect(provider.prepare({ ...imageRequest, references: [image] }, context)).rejects.toBe(lost);
});

test.each([
  ['a damaged image', { status: 400, body: errors.file }, { fault: 'client', code: 'invalid_reference' }],
  ['an image too large', { status: 413, body: '<html>' }, { fault: 'client', code: 'invalid_reference' }],
  ['a dead credential', { status: 401, body: errors.tokenInvalidated }, { fault: 'token' }],
  ['an answer without id', { body: {} }, { submitClass: 'not_sent', fault: 'upstream' }],
  ['a reset', 'reset' as const, { submitClass: 'not_sent', fault: 'upstream' }],
])('an upload that fails is never an unknown outcome: %s', async (_name, answer, expected) => {
  upstream.on(route, answer);
  const prepare = provider.prepare({ ...imageRequest, references: [image] }, createContext(upstream.url));
  await expect(prepare).rejects.toMatchObject(expected);
});
