/** What the load generator is told to do, and what it reports. */

export type Route = 'create' | 'retrieve' | 'light';

export interface Order {
  route: Route;
  baseUrl: string;
  /** Sent to either server; only one of them looks at it. */
  apiKey: string;
  connections: number;
  forMs: number;
  /** To retrieve, in turn. */
  ids: readonly string[];
}

export interface Course {
  /** From the request to the last byte of its answer, in milliseconds. */
  tookMs: Float64Array;
  lastedMs: number;
  /** What was made. */
  ids: string[];
  /** Answers that were not 200, by what they said. */
  mishaps: Map<string, number>;
}
