/** What the breaking suite of tests/faults can be told on the command line. */
export interface Breaking {
  /** Read by tests/faults/breaking.test.ts. */
  env: Record<string, string>;
  jestArguments: string[];
  timeoutMs: number;
  /** Whether it is to be seen that the suite notices what is broken on purpose. */
  withMutations: boolean;
}

const longestMs = 4 * 60 * 60_000;
const numbers = { '--injections': 'FAULT_INJECTIONS', '--seed': 'FAULT_SEED' } as const;

/** Takes its options out of the arguments; `breaking` is undefined where there is none. What follows `--` is Jest's. */
export function readBreaking(args: readonly string[]): { breaking: Breaking | undefined; rest: string[] } {
  const env: Record<string, string> = {};
  const rest: string[] = [];
  let withMutations = false;
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  for (let at = 0; at < end; at += 1) {
    const name = args[at] ?? '';
    if (name === '--shrink') env.FAULT_SHRINK = '1';
    else if (name === '--mutations') withMutations = true;
    else if (name === '--injections' || name === '--seed') {
      at += 1;
      env[numbers[name]] = wholeNumber(name, args[at]);
    } else rest.push(name);
  }
  rest.push(...args.slice(end));
  if (Object.keys(env).length === 0 && !withMutations) return { breaking: undefined, rest };
  if (!rest.includes('faults'))
    throw new Error('--injections, --seed, --shrink and --mutations are of the faults: npm run test:faults -- …');
  if (env.FAULT_INJECTIONS) env.FAULT_REPORT = '1';
  return { breaking: { env, jestArguments: ['tests/faults/breaking'], timeoutMs: longestMs, withMutations }, rest };
}

function wholeNumber(name: string, value: string | undefined): string {
  if (value !== undefined && /^[1-9]\d*$/.test(value)) return value;
  throw new Error(`${name} needs a whole number above 0, for example ${name} 300`);
}
