// The clients of the burst, in a process of their own: all their chats begin in one tick, each on a connection of its own, and each
// client fetches its file as soon as its stream has ended. Started by `run-chats.mts`, which says what to ask for.
import { createHash } from 'node:crypto';
import http from 'node:http';
import type { Chat, ChatsOrder, ChatsReport } from './run-chats.mts';

/** What sora2api's clients cut the address of a video out of. */
const videoAddress = /<video src='([^']+)'/;
const chatsAgent = new http.Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
const filesAgent = new http.Agent({ keepAlive: true, maxSockets: 16 });
/** Nothing that works is silent for so long: streams say that they live every 12 s. */
const silenceMs = 60_000;

process.once('message', (order: ChatsOrder) => {
  void runAll(order).then((report) => process.send?.(report));
});
// It is let go when its report has arrived, and when nobody waits for it any more.
process.once('disconnect', () => process.exit());

async function runAll(order: ChatsOrder): Promise<ChatsReport> {
  const before = process.cpuUsage();
  const chats = await Promise.all(order.prompts.map((prompt) => runOne(order, prompt)));
  const { user, system } = process.cpuUsage(before);
  return { chats, processorSeconds: (user + system) / 1e6, occupiedBytes: process.resourceUsage().maxRSS * 1024 };
}

async function runOne(order: ChatsOrder, prompt: string): Promise<Chat> {
  const chat: Chat = { prompt, startedAt: Date.now() };
  try {
    const { content, isWhole } = await stream(order, prompt, () => {
      chat.firstByteAt = Date.now();
    });
    chat.endedAt = Date.now();
    const address = videoAddress.exec(content)?.[1];
    if (!isWhole || address === undefined) throw new Error(`the stream ended with ${lastLine(content)}`);
    Object.assign(chat, await fetchFile(address));
    chat.fetchedAt = Date.now();
  } catch (error) {
    chat.failure = error instanceof Error ? error.message.slice(0, 300) : String(error);
  }
  return chat;
}

/** Everything the stream said in its `data:` lines; whole when the last of them is the end mark. */
async function stream(
  { gatewayUrl, apiKey, model }: ChatsOrder,
  prompt: string,
  onFirstByte: () => void,
): Promise<{ content: string; isWhole: boolean }> {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: prompt }], stream: true });
  const headers = {
    authorization: `Bearer ${apiKey}`,
    'content-type': 'application/json',
    'content-length': `${Buffer.byteLength(body)}`,
  };
  const options = { method: 'POST', headers, agent: chatsAgent, timeout: silenceMs };
  const answer = await send(`${gatewayUrl}/v1/chat/completions`, options, body);
  onFirstByte();
  const text = (await collect(answer)).toString('utf8');
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${text}`);
  const lines = text.split('\n').filter((line) => line.startsWith('data: '));
  const isWhole = lines.at(-1) === 'data: [DONE]';
  return { content: lines.map(contentOf).join(''), isWhole };
}

function contentOf(line: string): string {
  if (line === 'data: [DONE]') return '';
  const chunk = JSON.parse(line.slice('data: '.length)) as {
    choices?: { delta?: { content?: string } }[];
    error?: unknown;
  };
  if (chunk.error) return JSON.stringify(chunk.error);
  return chunk.choices?.[0]?.delta?.content ?? '';
}

async function fetchFile(address: string): Promise<{ sha256: string; sizeBytes: number }> {
  const answer = await send(address, { agent: filesAgent, timeout: silenceMs });
  const bytes = await collect(answer);
  if (answer.statusCode !== 200) throw new Error(`the file: ${answer.statusCode} ${bytes.toString('utf8', 0, 200)}`);
  return { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length };
}

function send(url: string, options: http.RequestOptions, body?: string): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, options, resolve);
    request.once('timeout', () => request.destroy(new Error(`nothing came for ${silenceMs / 1000} s`)));
    request.once('error', reject);
    request.end(body);
  });
}

async function collect(answer: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function lastLine(content: string): string {
  return content.trim().split('\n').at(-1)?.slice(-200) || 'nothing';
}
