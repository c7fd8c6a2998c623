/** The streams' other ends: bare sockets that note which event has come, and when. */
import net from 'node:net';
import { now, serve } from './child.mts';

export interface ClientsQuestions {
  open: { port: number; streams: StreamRequest[] };
  take: undefined;
  close: undefined;
}

export interface ClientsAnswers {
  open: { tookMs: number };
  take: Arrivals;
  close: undefined;
}

export interface StreamRequest {
  path: string;
  key: string;
}

export interface Arrivals {
  /** Which stream, by its place in the question; one entry an event, in the order in which they came. */
  streams: number[];
  seqs: number[];
  atMs: number[];
  /** Streams that have ended. */
  ended: number;
}

const openAtOnce = 64;
const openTimeoutMs = 30_000;

let sockets: net.Socket[] = [];
let arrivals: Arrivals = nothing();

serve<ClientsQuestions, ClientsAnswers>({
  async open({ port, streams }) {
    const begin = now();
    const left = [...streams.entries()];
    const openRest = async () => {
      for (let next = left.pop(); next; next = left.pop()) await openStream(port, ...next);
    };
    await Promise.all(Array.from({ length: openAtOnce }, openRest));
    return { tookMs: now() - begin };
  },
  take() {
    const taken = arrivals;
    arrivals = nothing();
    return taken;
  },
  async close() {
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve).destroy())));
    sockets = [];
    arrivals = nothing();
    return undefined;
  },
});

/** Resolves with the head of the answer. */
function openStream(port: number, stream: number, { path, key }: StreamRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const timer = setTimeout(() => socket.destroy(new Error(`no answer to ${path}`)), openTimeoutMs);
    let text = '';
    let isOpen = false;
    socket.on('data', (bytes) => {
      const atMs = now();
      text += bytes.toString('latin1');
      if (!isOpen) {
        const end = text.indexOf('\r\n\r\n');
        if (end < 0) return;
        if (!text.startsWith('HTTP/1.1 200 ')) return void socket.destroy(new Error(text));
        isOpen = true;
        text = text.slice(end);
        clearTimeout(timer);
        resolve();
      }
      const whole = text.lastIndexOf('\n\n');
      if (whole < 0) return;
      for (const [, seq] of text.slice(0, whole).matchAll(/^id: (\d+)$/gm)) {
        arrivals.streams.push(stream);
        arrivals.seqs.push(Number(seq));
        arrivals.atMs.push(atMs);
      }
      text = text.slice(whole + 2);
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      if (isOpen) arrivals.ended += 1;
      reject(new Error(`the connection of ${path} was closed`));
    });
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${key}\r\n\r\n`,
    );
    sockets.push(socket);
  });
}

function nothing(): Arrivals {
  return { streams: [], seqs: [], atMs: [], ended: 0 };
}
