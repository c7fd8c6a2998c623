/** What the gateway is compared with: node:http, a response kept by the id in its path, one subscription to everything that is published. */
import { createServer, type ServerResponse } from 'node:http';
import { Redis } from 'ioredis';

const responses = new Map<string, ServerResponse>();
const redis = new Redis(process.env.REDIS_URL ?? '');
await redis.psubscribe('reelay:events:*');
redis.on('pmessage', (_pattern: string, channel: string, text: string) => {
  const response = responses.get(channel.slice('reelay:events:'.length));
  if (!response) return;
  const event = JSON.parse(text) as { seq: number; type: string };
  response.write(`id: ${event.seq}\nevent: ${event.type}\ndata: ${text}\n\n`);
});
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
createServer((request, response) => {
  const id = request.url?.slice(1) ?? '';
  responses.set(id, response);
  response.once('close', () => responses.delete(id));
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
}).listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.({ type: 'ready' }));
