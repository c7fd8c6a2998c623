/** Chat completions as a plain HTTP client sees them: what is streamed, in which order, and how it ends. */
import { judgedFetch } from './judged-fetch.js';
import type { Stack } from './stack.js';

export interface ChatOutcome {
  status: number;
  /** All content deltas, or the message of an answer in one piece. */
  content: string;
  /** All reasoning deltas: the progress in words. */
  reasoning: string;
  /** Roles of the deltas that have one. */
  roles: string[];
  finishReason: string | null;
  /** Of the error event or the error body. */
  error: { code: string; message: string; type: string; param: string | null } | undefined;
  /** The last line that is not empty. */
  lastLine: string;
  /** Everything as it came. */
  text: string;
}

interface Chunk {
  choices?: {
    delta?: { role?: string; content?: string | null; reasoning_content?: string | null };
    message?: { role: string; content: string | null };
    finish_reason?: string | null;
  }[];
  error?: ChatOutcome['error'];
}

export async function chat(stack: Stack, body: object, headers: Record<string, string> = {}): Promise<ChatOutcome> {
  const response = await judgedFetch(`${stack.run.gatewayUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.run.apiKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return readChat(response.status, await response.text());
}

/** The user's only message, streamed. */
export function ask(stack: Stack, model: string, content: unknown, more: object = {}): Promise<ChatOutcome> {
  return chat(stack, { model, messages: [{ role: 'user', content }], stream: true, ...more });
}

/** From the text of an answer, streamed or in one piece. */
export function readChat(status: number, text: string): ChatOutcome {
  const outcome: ChatOutcome = {
    ...{ status, text, content: '', reasoning: '', roles: [], finishReason: null, error: undefined },
    lastLine: text.trimEnd().split('\n').at(-1) ?? '',
  };
  const lines = text.startsWith('{') ? [text] : text.split('\n').filter((line) => line.startsWith('data: {'));
  for (const line of lines) {
    const chunk = JSON.parse(line.replace(/^data: /, '')) as Chunk;
    if (chunk.error) outcome.error = chunk.error;
    const choice = chunk.choices?.[0];
    const said = choice?.delta ?? choice?.message;
    if (said?.role) outcome.roles.push(said.role);
    outcome.content += said?.content ?? '';
    outcome.reasoning += choice?.delta?.reasoning_content ?? '';
    outcome.finishReason = choice?.finish_reason ?? outcome.finishReason;
  }
  return outcome;
}

/** The addresses in an answer, as clients of sora2api cut them out: of a video tag, or of Markdown images. */
export function mediaUrls(content: string): string[] {
  const video = /<video src='([^']+)'/.exec(content)?.[1];
  return video ? [video] : [...content.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, url = '']) => url);
}
