/** What is special about the call that asks for a sentinel token. */
export interface SentinelCall {
  readonly contentType: string;
  readonly userAgent: string;
  readonly hasAccessToken: boolean;
  /** The body as it came, byte for byte. */
  readonly text: string;
}

/** The two ways in which real clients speak to the sentinel: an older one ("base") and a newer one ("head"). */
export interface Dialect {
  readonly name: 'base' | 'head';
  /** The flow named when a token is asked for. */
  readonly requestFlow: string;
  /** The flow named in the token that comes with a create call. */
  readonly tokenFlow: string;
  /** What is wrong with the call, if it is not this client's; `browser` is the one that the proof names. */
  findStrangeness(call: SentinelCall, browser: string): string | undefined;
  /** Whether the numbers that count the tries fit together (elements 3 and 9 of the config array) and element 6 is right. */
  isPlausible(config: readonly unknown[]): boolean;
}

export const dialects: readonly Dialect[] = [
  {
    name: 'base',
    requestFlow: 'sora_2_create_task',
    tokenFlow: 'sora_2_create_task',
    findStrangeness({ contentType, userAgent, hasAccessToken }, browser) {
      if (!hasAccessToken) return 'this flow needs an access token';
      if (mediaType(contentType) !== 'application/json') return 'this flow asks with the content type application/json';
      if (userAgent !== browser) return 'the proof names another browser than the header user-agent';
    },
    isPlausible: ({ 3: tries, 6: build, 9: half }) =>
      typeof tries === 'number' && half === tries >> 1 && typeof build === 'string' && build !== '',
  },
  {
    name: 'head',
    requestFlow: 'sora_init',
    tokenFlow: 'sora_2_create_task__auto',
    findStrangeness({ contentType, userAgent, hasAccessToken, text }, browser) {
      if (hasAccessToken) return 'this flow is asked for without an access token';
      if (mediaType(contentType) !== 'text/plain') return 'this flow asks with the content type text/plain';
      if (JSON.stringify(JSON.parse(text)) !== text) return 'the body of this flow is compact JSON';
      // An oddity of that client: what it sends also stands at the end of its user agent.
      if (userAgent !== `${browser} ${text}`)
        return 'the header user-agent must be the browser that the proof names, a space, and the body again';
    },
    isPlausible: ({ 3: tries, 6: build, 9: counter }) => {
      if (typeof tries !== 'number' || typeof counter !== 'number' || build !== null) return false;
      const start = counter - Math.floor((tries + 29) / 30);
      return start >= 2 && start <= 10;
    },
  },
];

export function findDialect(requestFlow: string): Dialect | undefined {
  return dialects.find((dialect) => dialect.requestFlow === requestFlow);
}

function mediaType(contentType: string): string {
  return contentType.split(';', 1)[0]!.trim().toLowerCase();
}
