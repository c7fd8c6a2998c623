import { deduplicationId, jobCatalogue, queueNames } from './jobs.js';

test('one job of a kind and subject at a time', () => {
  expect(deduplicationId('dispatch', {})).toBe('dispatch');
  expect(deduplicationId('run', { generationId: 'g' })).toBe('run:g');
  expect(deduplicationId('poll', { tokenId: 't' })).toBe('poll:t');
  expect(deduplicationId('finish', { generationId: 'g' })).toBe('finish:g');
});

test('payloads carry ids and nothing else', () => {
  for (const name of queueNames) {
    for (const field of Object.keys(jobCatalogue[name].shape)) expect(field).toMatch(/Id$/);
  }
});

test('a job that a newer release queued can still be read', () => {
  expect(jobCatalogue.run.parse({ generationId: 'g', addedLater: true })).toEqual({ generationId: 'g' });
});
