import { loggablePath } from './loggable-path.js';

const key = 'k'.repeat(43);

test('repeats ids of a route, and neither a key in their place nor a query', () => {
  const id = 'chatcmpl-01M817BT242A0M9D6M5G97A2BA';
  expect(loggablePath(`/v1/generations/${id}?signature=${key}`, true)).toBe(`/v1/generations/${id}`);
  expect(loggablePath(`/internal/tokens/${key}/events`, true)).toBe('/internal/tokens/(43 characters)/events');
});

test('repeats nothing of a path that is no route', () => {
  expect(loggablePath(`/${key}`, false)).toBe('(no such route)');
  expect(loggablePath('/short-key/tokens', false)).toBe('(no such route)');
});
