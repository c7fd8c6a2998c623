import { RouteTable } from './route-table.js';

const routes = new RouteTable();
routes.add('GET', '/v1/videos/:id');
routes.add('HEAD', '/v1/videos/:id');
routes.add(['POST'], '/v1/videos');

test.each([
  ['/v1/videos', ['POST']],
  ['/v1/videos?limit=1', ['POST']],
  ['/v1/videos/video_1', ['GET', 'HEAD']],
  ['/v1/videos/', ['POST']],
  ['/V1/videos', []],
  ['//v1//videos?x=//', ['POST']],
  ['/v1/videos/1/2', []],
])('%s answers %j', (url, methods) => {
  expect(routes.methodsOf(url)).toEqual(methods);
});
