/**
 * The turns of requests that make generations, from before the guard until what they ask for is accepted. Who still sends its body has no
 * turn meanwhile: a slow client keeps nobody waiting.
 */
import type { IncomingMessage } from 'node:http';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { onRelease } from './body-limits.js';
import type { Place, Turnstile } from './turnstile.js';

/** On a route whose requests wait for their turn. */
export const TakesTurn = () => RouteConfig({ takesTurn: true });

interface Visit {
  place: Place;
  key: string;
}

const keyless = '';

export class RequestTurns {
  readonly #turnstile: Turnstile;
  readonly #visits = new WeakMap<IncomingMessage, Visit>();

  constructor(turnstile: Turnstile) {
    this.#turnstile = turnstile;
  }

  register(server: FastifyInstance, stopping: AbortSignal): void {
    stopping.addEventListener('abort', () => this.#turnstile.close(), { once: true });
    server.addHook('onRequest', (request, reply, done) => {
      const { takesTurn = false } = request.routeOptions.config as { takesTurn?: boolean };
      if (!takesTurn) return done();
      try {
        const turn = this.#enter(request.raw, request.headers.authorization ?? keyless);
        if (turn === undefined) return done();
        turn.then(
          () => done(),
          (error: Error) => {
            if (stopping.aborted) reply.raw.setHeader('connection', 'close');
            done(error);
          },
        );
      } catch (error) {
        done(error as Error);
      }
    });
  }

  /** The body of a request, with the turn ended for as long as it has to be waited for. Then it waits for another turn. */
  async read<Body>(request: IncomingMessage, read: () => Promise<Body>): Promise<Body> {
    const visit = this.#visits.get(request);
    if (visit === undefined || request.complete) return read();
    visit.place.leave();
    const body = await read();
    await this.#enter(request, visit.key);
    return body;
  }

  #enter(request: IncomingMessage, key: string): Promise<void> | undefined {
    const place = this.#turnstile.enter(key);
    this.#visits.set(request, { place, key });
    // Released when the body is of no use any more, which is after the accept, and with every end of the answer.
    onRelease(request, () => place.leave());
    return place.turn;
  }
}
