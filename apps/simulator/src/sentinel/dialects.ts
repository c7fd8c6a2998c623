/** The two ways in which real clients speak to the sentinel: an older one ("base") and a newer one ("head"). */
export interface Dialect {
  readonly name: 'base' | 'head';
  /** The flow named when a token is asked for. */
  readonly requestFlow: string;
  /** The flow named in the token that comes with a create call. */
  readonly tokenFlow: string;
  /** Base asks with the account's token, and the answer is good for that account only; head asks without one. */
  readonly isBoundToAccount: boolean;
  /** Whether the numbers that count the tries fit together (elements 3 and 9 of the config array) and element 6 is right. */
  isPlausible(config: readonly unknown[]): boolean;
}

export const dialects: readonly Dialect[] = [
  {
    name: 'base',
    requestFlow: 'sora_2_create_task',
    tokenFlow: 'sora_2_create_task',
    isBoundToAccount: true,
    isPlausible: ({ 3: tries, 6: build, 9: half }) =>
      typeof tries === 'number' && half === tries >> 1 && typeof build === 'string',
  },
  {
    name: 'head',
    requestFlow: 'sora_init',
    tokenFlow: 'sora_2_create_task__auto',
    isBoundToAccount: false,
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
