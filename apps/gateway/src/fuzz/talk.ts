/** One request over a connection of its own. Whatever was sent, an answer must come. */
import net from 'node:net';
import type { FuzzRequest } from './fuzz-request.js';
import { type RawAnswer, readAnswer } from './read-answer.js';

/** Far longer than any answer takes: who has none by then gets none. */
const patienceMs = 60_000;

/** @throws Error where the connection ends, or nothing more comes, before the answer is whole */
export function talk(url: string, request: FuzzRequest): Promise<RawAnswer> {
  const { hostname: host, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port: Number(port), allowHalfOpen: true });
    const received: Buffer[] = [];
    const give = (outcome: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      outcome();
    };
    const look = (isOver: boolean, why: string) => {
      const bytes = Buffer.concat(received);
      try {
        const answer = readAnswer(bytes, { method: request.parts.method, isOver });
        if (answer) give(() => resolve(answer));
        else if (isOver)
          give(() =>
            reject(new Error(`${why} after ${bytes.length} bytes of an answer: ${bytes.toString('latin1', 0, 300)}`)),
          );
      } catch (error) {
        give(() => reject(error));
      }
    };
    const timer = setTimeout(() => look(true, `Nothing more came for ${patienceMs} ms`), patienceMs);
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk);
      look(false, '');
    });
    socket.on('end', () => look(true, 'The connection ended'));
    socket.on('error', (error) => look(true, `The connection died (${error.message})`));
    for (const piece of request.pieces()) socket.write(piece);
    if (request.endsSending) socket.end();
  });
}
