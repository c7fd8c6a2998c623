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

export class RequestTurns {
  readonly #turnstile: Turnstile;
  readonly #lineOf: (authorization: string | undefined) => string;
  readonly #places = new WeakMap<IncomingMessage, Place>();

  /** `lineOf`: by which a request stands in line; it is not known yet whether its key is one. */
  constructor(turnstile: Turnstile, lineOf: (authorization: string | undefined) => string) {
    this.#turnstile = turnstile;
    this.#lineOf = lineOf;
  }

  register(server: FastifyInstance, stopping: AbortSignal): void {
    stopping.addEventListener('abort', () => this.#turnstile.close(), { once: true });
    server.addHook('onRequest', (request, reply, done) => {
      const { takesTurn = false } = request.routeOptions.config as { takesTurn?: boolean };
      if (!takesTurn) return done();
      try {
        const turn = this.#take(request.raw, this.#turnstile.enter(this.#lineOf(request.headers.authorization)));
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

  /** The body of a request, with the turn ended for as long as it has to be waited for. Then its next turn is before those of others. */
  async read<Body>(request: IncomingMessage, read: () => Promise<Body>): Promise<Body> {
    const place = this.#places.get(request);
    if (place === undefined || request.complete) return read();
    place.leave();
    const body = await read();
    await this.#take(request, this.#turnstile.comeBack());
    return body;
  }

  #take(request: IncomingMessage, place: Place): Promise<void> | undefined {
    this.#places.set(request, place);
    // Released when the body is of no use any more, which is after the accept, and with every end of the answer.
    onRelease(request, () => place.leave());
    return place.turn;
  }
}
