/** The bytes of a streamed chat completion (openai-wire 1.5 to 1.7): only `data:` lines and comments, each ended by a blank line. Pure. */
import { toErrorBody } from '@reelay/contracts/errors';
import type { Usage } from './usage.js';

export interface ChatChunkOptions {
  id: string;
  /** Unix seconds; the same in every chunk. */
  created: number;
  model: string;
  /** `stream_options.include_usage`: every chunk names `usage`, and one more chunk carries it. */
  includeUsage: boolean;
}

/** Of the five there are in OpenAI's API those that a generation can end with. */
type FinishReason = 'stop' | 'content_filter';

interface Delta {
  role?: 'assistant';
  content?: string;
  reasoning_content?: string;
}

/** An SSE comment; both SDKs read past it, and it keeps proxies and Node's fetch from giving up on a silent body. */
export const keepAliveComment = ': keep-alive\n\n';
export const doneLine = 'data: [DONE]\n\n';

const unicodeEscapes: Readonly<Record<string, string>> = {
  '\u0085': '\\u0085',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

export class ChatChunks {
  readonly #options: ChatChunkOptions;

  constructor(options: ChatChunkOptions) {
    this.#options = options;
  }

  /** Must come first: SDK helpers refuse a choice whose role never arrived. `beside`: more fields of the choice, for programs. */
  role(beside: object = {}): string {
    return this.#chunk({ role: 'assistant', content: '' }, null, beside);
  }

  reasoning(text: string): string {
    return this.#chunk({ reasoning_content: text });
  }

  content(text: string, beside: object = {}): string {
    return this.#chunk({ content: text }, null, beside);
  }

  /** Finish reason, usage where it was asked for, and the end mark. */
  end(usage: Usage): string {
    const counted = this.#options.includeUsage ? dataLine({ ...this.#head(), choices: [], usage }) : '';
    return this.#chunk({}, 'stop') + counted + doneLine;
  }

  /** The upstream refused the content: the reason follows as the error. */
  filtered(): string {
    return this.#chunk({}, 'content_filter');
  }

  #chunk(delta: Delta, finishReason: FinishReason | null = null, beside: object = {}): string {
    return dataLine({
      ...this.#head(),
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason, ...beside }],
      ...(this.#options.includeUsage ? { usage: null } : {}),
    });
  }

  #head() {
    const { id, created, model } = this.#options;
    return { id, object: 'chat.completion.chunk', created, model };
  }
}

/** Without an event name: python's SDK would hand a named one on as an ordinary chunk. */
export function errorLine(error: unknown): string {
  return dataLine(toErrorBody(error));
}

function dataLine(value: unknown): string {
  // Python's splitlines, by which careless clients read streams, ends a line at these, too.
  const text = JSON.stringify(value).replace(/[\u0085\u2028\u2029]/g, (sign) => unicodeEscapes[sign] ?? sign);
  return `data: ${text}\n\n`;
}
