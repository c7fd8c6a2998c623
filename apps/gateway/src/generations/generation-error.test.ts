import { AppError } from '@reelay/contracts/errors';
import { withReference } from './generation-error.js';

test('an error after the acceptance says where its generation is found, and keeps what it said', () => {
  const error = new AppError('service_unavailable', 'Come back.', { retryAfterMs: 3_000, details: { more: 1 } });
  const reference = { id: '01J00000000000000000000000', dialect: 'videos', publicUrl: 'https://x.example' } as const;
  expect(withReference(error, reference)).toMatchObject({
    code: 'service_unavailable',
    message: 'Come back.',
    retryAfterMs: 3_000,
    details: {
      more: 1,
      generation_id: 'video_01J00000000000000000000000',
      url: 'https://x.example/v1/generations/video_01J00000000000000000000000',
    },
  });
});
