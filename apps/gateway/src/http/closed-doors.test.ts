import { accessOf } from './closed-doors.js';

test.each([
  ['/v1/models', 'client'],
  ['/v1', 'client'],
  ['/v1?x=1', 'client'],
  ['//V1//nope', 'client'],
  ['/./v1/models', 'client'],
  ['/%76%31/models', 'client'],
  ['/v1%2Fmodels', 'client'],
  ['/v1/%zz', 'client'],
  ['/API/admin/tokens', 'admin'],
  ['/api%2fadmin', 'admin'],
  ['/v12/models', 'public'],
  ['/api/administration', 'public'],
  ['/media/x', 'public'],
  ['/nope/v1/models', 'public'],
  ['', 'public'],
])('%s would be for: %s', (url, access) => {
  expect(accessOf(url)).toBe(access);
});
