/** Answers of routes that send a stored file. */
import type { ClientAnswer } from './client-route.js';

const ofFiles = {
  etag: 'The SHA-256 of the file.',
  'accept-ranges': '`bytes`',
  'last-modified': 'When it was stored.',
};

export function fileAnswers(contentType: string): Readonly<Record<number, ClientAnswer>> {
  return {
    200: { description: 'The file.', file: contentType, headers: ofFiles },
    206: {
      description: 'The range of it that was asked for.',
      file: contentType,
      headers: { ...ofFiles, 'content-range': 'Which bytes of how many.' },
    },
    302: {
      description: 'It lies elsewhere: in a store that serves it, or with the upstream.',
      headers: { location: 'A signed address, good for a while.' },
    },
    304: { description: 'The client has it already.', headers: ofFiles },
  };
}
