import { parseArgs } from 'node:util';
import { type AppName, appNames } from './app-environment.mts';

export interface CommandLine {
  /** Only these apps, joined to a stack that runs already. */
  only: AppName[] | undefined;
  isWatching: boolean;
  wantsHelp: boolean;
}

export const usage = `npm start                     everything: databases, token-manager, worker, gateway and, without own databases, the simulator
npm start -- --only worker    one more worker for the stack that runs in this folder (${appNames.join(', ')}; several with commas)
npm run dev                   as npm start, and apps are rebuilt and restarted when their sources change

Settings (environment)
  PORT, HOST                  where the gateway listens: 8000 on 127.0.0.1
  DATABASE_URL, REDIS_URL     use these servers in place of the built-in ones
  SIMULATOR                   1: the simulator also with own databases; 0: no simulator
  API_KEY, ADMIN_KEY          in place of the keys made on the first run
  PUBLIC_URL                  what links in answers begin with
  LOG_FORMAT, LOG_LEVEL       text or json; debug, info, warn …
  REELAY_HOME                 data folder, .reelay in the checkout if not set`;

/** Throws a sentence for the user when it does not understand. */
export function readCommandLine(args: string[]): CommandLine {
  const { only, watch, help } = parse(args);
  return { only: only && readAppNames(only), isWatching: watch, wantsHelp: help };
}

function parse(args: string[]): { only?: string[]; watch: boolean; help: boolean } {
  try {
    return parseArgs({
      args,
      options: {
        only: { type: 'string', multiple: true },
        watch: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${usage}`);
  }
}

function readAppNames(given: string[]): AppName[] {
  const names = given
    .join(',')
    .split(',')
    .map((name) => name.trim());
  return names.map((name) => {
    const known = appNames.find((app) => app === name);
    if (known === undefined) throw new Error(`There is no app "${name}"; choose from ${appNames.join(', ')}.`);
    return known;
  });
}
