/** Looks at every answer of `/v1` and `/api/admin` that a gateway of a test gives, whoever asked; what does not fit its description fails the test file. */
import type { ServerResponse } from 'node:http';
import { adminRoutes } from '@reelay/contracts/admin-api/admin-routes';
import { clientRoutes } from '@reelay/contracts/openai-api/client-routes';
import { type GivenAnswer, judgeAdminAnswer, judgeAnswer } from '@reelay/testing/judge-answer';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const routes = new Map(clientRoutes.map((route) => [`${route.method} ${route.path}`, route]));
const adminsRoutes = new Map(adminRoutes.map((route) => [`${route.method} ${route.path}`, route]));

export class AnswerJudge {
  readonly #problems: string[] = [];
  readonly #isAdminMadeUp: boolean;

  constructor({ isAdminMadeUp = false }: { isAdminMadeUp?: boolean } = {}) {
    this.#isAdminMadeUp = isAdminMadeUp;
  }

  watch(server: FastifyInstance): void {
    server.addHook('onRequest', (request, reply, done) => {
      // What browsers ask beforehand is of every route alike.
      if (/^\/+(v1|api\/+admin)(\/|\?|$)/.test(request.raw.url ?? '') && request.method !== 'OPTIONS') {
        const test = nameOfTest();
        record(reply.raw, (answer) => this.#judge(request, answer, test));
      }
      done();
    });
  }

  /** To be called when the server is closed. */
  check(): void {
    if (this.#problems.length > 0) throw new Error(`Answers that do not fit:\n${this.#problems.join('\n')}`);
  }

  #judge(request: FastifyRequest, answer: Omit<GivenAnswer, 'hasBody'>, test: string): void {
    const { method, routeOptions, url } = request;
    const hasBody = method !== 'HEAD';
    const name = `${hasBody ? method : 'GET'} ${routeOptions.url}`;
    const given = { ...answer, hasBody };
    const isAdmin = /^\/+api/.test(url);
    if (isAdmin && this.#isAdminMadeUp && answer.status < 400) return;
    const problems = isAdmin ? judgeAdminAnswer(adminsRoutes.get(name), given) : judgeAnswer(routes.get(name), given);
    if (problems.length === 0) return;
    this.#problems.push(`${method} ${url} → ${answer.status}, in “${test}”: ${problems.slice(0, 5).join('; ')}`);
  }
}

/** Text alone is kept: files are not described by a schema. */
function record(response: ServerResponse, onEnd: (answer: Omit<GivenAnswer, 'hasBody'>) => void): void {
  const chunks: Buffer[] = [];
  let sentType: unknown;
  const contentType = () => String(sentType ?? response.getHeader('content-type') ?? '');
  const keep = (chunk: unknown) => {
    if (!/^(application\/json|text\/event-stream)/.test(contentType())) return;
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk as string));
  };
  const { write, end, writeHead } = response;
  // What is given here alone is found nowhere afterwards.
  response.writeHead = ((...given: Parameters<typeof writeHead>) => {
    sentType = (given.at(-1) as Record<string, unknown>)['content-type'];
    return writeHead.apply(response, given);
  }) as typeof writeHead;
  response.write = ((...given: Parameters<typeof write>) => {
    keep(given[0]);
    return write.apply(response, given);
  }) as typeof write;
  response.end = ((...given: Parameters<typeof end>) => {
    keep(given[0]);
    return end.apply(response, given);
  }) as typeof end;
  response.once('close', () => {
    // Who left before the first byte got no answer.
    if (!response.headersSent) return;
    const body = Buffer.concat(chunks).toString();
    onEnd({ status: response.statusCode, contentType: contentType(), body, isWhole: response.writableFinished });
  });
}

/** As the runner knows it; a program without one has none. */
function nameOfTest(): string {
  const { expect: runner } = globalThis as { expect?: { getState(): { currentTestName?: string } } };
  return runner?.getState().currentTestName ?? 'preparation';
}
