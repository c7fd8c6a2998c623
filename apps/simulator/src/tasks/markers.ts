import type { TaskTiming } from './speed.js';
import type { Outcome } from './task.js';

/** What a prompt may order: one request can be told to go wrong without touching the others. */
export interface Orders {
  readonly timing: Partial<Pick<TaskTiming, 'queueMs' | 'renderMs' | 'gapMs'>>;
  readonly outcome?: Outcome;
  readonly refusal?: 'overload' | 'server_error';
  readonly reply?: 'lost' | 'hanging';
}

const words: Readonly<Record<string, Omit<Orders, 'timing'>>> = {
  violation: { outcome: 'violation' },
  'missing-urls': { outcome: 'missing_urls' },
  'image-failed': { outcome: 'image_failed' },
  'image-without-url': { outcome: 'image_without_url' },
  vanishing: { outcome: 'vanishing' },
  unlisted: { outcome: 'unlisted' },
  overload: { refusal: 'overload' },
  'server-error': { refusal: 'server_error' },
  'reply-lost': { reply: 'lost' },
  'reply-hangs': { reply: 'hanging' },
};

const durations = { queue: 'queueMs', render: 'renderMs', gap: 'gapMs' } as const;

/** Reads `[sim:violation]`, `[sim:render=20s]`, `[sim:gap=500ms]` and the like out of a prompt; a word it does not know is text. */
export function readMarkers(prompt: string): Orders {
  let orders: Orders = { timing: {} };
  for (const [, word = '', value, unit] of prompt.matchAll(/\[sim:([a-z-]+)(?:=(\d+(?:\.\d+)?)(ms|s))?\]/g)) {
    if (value === undefined) orders = { ...orders, ...words[word] };
    else if (isDuration(word)) {
      const milliseconds = Math.round(Number(value) * (unit === 's' ? 1000 : 1));
      orders = { ...orders, timing: { ...orders.timing, [durations[word]]: milliseconds } };
    }
  }
  return orders;
}

function isDuration(word: string): word is keyof typeof durations {
  return Object.hasOwn(durations, word);
}
