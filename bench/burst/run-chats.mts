import { fork } from 'node:child_process';
import path from 'node:path';

export interface ChatsOrder {
  gatewayUrl: string;
  apiKey: string;
  model: string;
  /** One chat each. */
  prompts: string[];
}

/** Times are Unix ms. */
export interface Chat {
  prompt: string;
  startedAt: number;
  /** When the answer began. */
  firstByteAt?: number;
  /** When the stream ended. */
  endedAt?: number;
  /** When the client had its file, and what it got. */
  fetchedAt?: number;
  sha256?: string;
  sizeBytes?: number;
  /** Why it has no file. */
  failure?: string;
}

export interface ChatsReport {
  chats: Chat[];
  processorSeconds: number;
  occupiedBytes: number;
}

/** All of them at once, from a process of their own. @throws when that process ends without a report */
export function runChats(order: ChatsOrder): Promise<ChatsReport> {
  return new Promise((resolve, reject) => {
    const clients = fork(path.join(import.meta.dirname, 'chats.mts'));
    clients.once('message', (report) => {
      clients.disconnect();
      resolve(report as ChatsReport);
    });
    clients.once('error', reject);
    clients.once('exit', (code, signal) => reject(new Error(`the clients ended with ${code ?? signal}`)));
    clients.send(order);
  });
}
