/** The load generator, a process of its own: so many connections, each sending its next request when it has the answer to the one before. */
import { Pool } from 'undici';
import type { Course, Order, Route } from './order.mts';

let made = 0;

async function run({ route, baseUrl, apiKey, connections, forMs, ids }: Order): Promise<Course> {
  const pool = new Pool(baseUrl, { connections, pipelining: 1 });
  const authorization = `Bearer ${apiKey}`;
  const course: Course = { tookMs: new Float64Array(0), lastedMs: 0, ids: [], mishaps: new Map() };
  const tookMs: number[] = [];
  const startedAt = performance.now();
  const client = async () => {
    while (performance.now() - startedAt < forMs) {
      const sentAt = performance.now();
      const { statusCode, body } = await pool.request(requestOf(route, authorization, ids));
      const text = await body.text();
      tookMs.push(performance.now() - sentAt);
      if (statusCode !== 200) count(course.mishaps, `${statusCode} ${text.slice(0, 200)}`);
      else if (route === 'create') course.ids.push((JSON.parse(text) as { id: string }).id);
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  course.lastedMs = performance.now() - startedAt;
  course.tookMs = Float64Array.from(tookMs);
  await pool.close();
  return course;
}

function requestOf(route: Route, authorization: string, ids: readonly string[]) {
  made += 1;
  if (route === 'light') return { method: 'GET', path: '/v1/models/sora-2', headers: { authorization } } as const;
  if (route === 'retrieve') {
    const path = `/v1/videos/${ids[made % ids.length]}`;
    return { method: 'GET', path, headers: { authorization } } as const;
  }
  const body = JSON.stringify({
    model: 'sora-2',
    prompt: `Take ${made} of ${process.pid}: a lighthouse in the fog, its beam turning slowly over the waves, gulls passing close to the camera`,
    seconds: '8',
    size: '1280x720',
  });
  return {
    method: 'POST',
    path: '/v1/videos',
    headers: { authorization, 'content-type': 'application/json' },
    body,
  } as const;
}

function count(mishaps: Map<string, number>, what: string): void {
  mishaps.set(what, (mishaps.get(what) ?? 0) + 1);
}

process.on('message', (order: Order) => {
  run(order).then(
    (course) => process.send?.(course),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
