// `npm run simulator`: the simulated Sora backend alone, without databases and without the rest of Reelay. Every host of the
// upstream is served from one base URL, which the panel shows.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { withoutOurs } from './infra/inherited-environment.mts';
import { root } from './infra/paths.mts';
import { givenHost, givenSetting, withoutNpm } from './launcher/app-environment.mts';
import { startApp } from './launcher/app-process.mts';
import { buildAll } from './launcher/build.mts';
import { listenForInterruption } from './launcher/interruption.mts';
import { type Output, standardOutput } from './launcher/output.mts';
import { Phases } from './launcher/phases.mts';
import { choosePort, isFree } from './launcher/ports.mts';
import type { RunningChild } from './launcher/supervised-child.mts';

const usage = `npm run simulator                     the simulated Sora backend alone, on a free port
npm run simulator -- --port 8088      on this port (or set PORT)
npm run simulator -- --render-ms 500  how long a video renders (6000)
npm run simulator -- --seed demo      the same seed and requests give the same ids and challenges

Settings (environment)
  PORT, HOST                          where it listens: a free port of 127.0.0.1
  SIMULATOR_STATE_DIR                 a folder to remember everything in; without it, memory only
  LOG_FORMAT, LOG_LEVEL               text or json; debug, info, warn …`;

interface CommandLine {
  port: string | undefined;
  renderMs: string | undefined;
  seed: string | undefined;
  wantsHelp: boolean;
}

interface Account {
  email: string;
  plan: string;
  accessToken: string;
}

await main();

async function main(): Promise<void> {
  process.stdout.on('error', () => {});
  const output = standardOutput(process.env);
  const stopping = new AbortController();
  let simulator: RunningChild | undefined;
  const end = async (exitCode: number) => {
    stopping.abort();
    await simulator?.stop();
    process.exit(exitCode);
  };
  listenForInterruption({ end: () => void end(0), endNow: () => process.exit(1) });
  try {
    const command = readCommandLine(process.argv.slice(2));
    if (command.wantsHelp) {
      console.log(usage);
      process.exit(0);
    }
    await build(output, stopping.signal);
    const started = await start(command, output, stopping.signal);
    simulator = started.child;
    await showPanel(started.url, output);
    const reason = await simulator.ended;
    if (stopping.signal.aborted) return;
    output.log('error', `The simulator ${reason}.`);
    process.exit(1);
  } catch (error) {
    if (stopping.signal.aborted) return;
    output.showHeldBack();
    const { message } = error as Error;
    if (output.format === 'json') output.log('error', message);
    else output.say(`\nThe simulator could not be started: ${message}`);
    await end(1);
  }
}

function readCommandLine(args: string[]): CommandLine {
  const options = {
    port: { type: 'string' },
    'render-ms': { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  try {
    const { port, 'render-ms': renderMs, seed, help } = parseArgs({ args, options }).values;
    return { port, renderMs, seed, wantsHelp: help };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${usage}`);
  }
}

function build(output: Output, signal: AbortSignal): Promise<void> {
  return new Phases(output).run('build', async (phase) => {
    const onWait = () => phase.detail('waiting for another build of this folder');
    const { built, cached } = await buildAll({ env: process.env, signal, only: '@reelay/simulator', onWait });
    phase.detail(built === 0 ? 'nothing to do' : `${built} of ${built + cached} parts`);
  });
}

async function start(
  command: CommandLine,
  output: Output,
  signal: AbortSignal,
): Promise<{ child: RunningChild; url: string }> {
  const host = givenHost(process.env);
  const wanted = await wantedPort(command.port ?? process.env.PORT, host);
  for (let attempt = 1; ; attempt += 1) {
    const port = wanted ?? (await choosePort());
    try {
      const env = simulatorEnvironment(command, host, port);
      const entry = path.join(root, 'apps/simulator/dist/main.js');
      const child = await startApp(
        { name: 'simulator', entry, env, onLine: (line) => output.childLine('simulator', line) },
        signal,
      );
      return { child, url: `http://${reachable(host)}:${port}` };
    } catch (error) {
      // Another program may have taken the port since it was chosen.
      if (wanted !== undefined || attempt === 3 || signal.aborted || (await isFree(port, host))) throw error;
    }
  }
}

/** The port that was asked for, undefined for any free one; throws a sentence if it cannot be had. */
async function wantedPort(text: string | undefined, host: string): Promise<number | undefined> {
  if (!text || text === '0') return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`"${text}" is not a port number: give one from 1 to 65535, or none for any free port.`);
  }
  if (await isFree(port, host)) return port;
  throw new Error(`Port ${port} is taken by another program: give another one, or none for any free port.`);
}

function simulatorEnvironment(command: CommandLine, host: string, port: number): NodeJS.ProcessEnv {
  const stateFolder = givenSetting(process.env, 'SIMULATOR_STATE_DIR');
  return {
    NODE_ENV: 'production',
    ...withoutNpm(withoutOurs(process.env)),
    ...(stateFolder === undefined ? {} : { SIMULATOR_STATE_DIR: path.resolve(stateFolder) }),
    ...(command.renderMs === undefined ? {} : { SIMULATOR_RENDER_MS: command.renderMs }),
    ...(command.seed === undefined ? {} : { SIMULATOR_SEED: command.seed }),
    ...{ HOST: host, PORT: String(port) },
  };
}

/** An address for clients on this machine. */
function reachable(host: string): string {
  return { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host] ?? (host.includes(':') ? `[${host}]` : host);
}

async function showPanel(url: string, output: Output): Promise<void> {
  const accounts = (await (await fetch(`${url}/_sim/accounts`)).json()) as Account[];
  output.endQuiet();
  output.say(panel(url, accounts));
  if (output.format === 'json') output.log('info', 'ready', { url });
}

/** Rules above and below but none at the sides: the command must survive copy and paste. */
function panel(url: string, accounts: Account[]): string {
  const rule = '─'.repeat(78);
  const hosts = [
    ['https://sora.chatgpt.com/backend', '/backend'],
    ['https://sora.chatgpt.com/api/auth/session', '/api/auth/session'],
    ['https://chatgpt.com/backend-api/sentinel/req', '/backend-api/sentinel/req'],
    ['https://auth.openai.com/oauth/token', '/oauth/token'],
    ['links to media', '/file/…'],
  ] as const;
  const { email = '', accessToken = '' } = accounts.at(-1) ?? {};
  return [
    '',
    rule,
    '  The simulated Sora backend is ready',
    '',
    `  base URL    ${url}`,
    '',
    ...hosts.map(([host, place]) => `  ${host.padEnd(44)} → ${url}${place}`),
    '',
    `  control     ${url}/_sim/  (accounts, ledger, faults, speed: apps/simulator/README.md)`,
    ...accounts.map(
      ({ email: name, plan }, index) => `  ${index === 0 ? 'accounts' : '        '}    ${name.padEnd(20)} ${plan}`,
    ),
    '',
    `  Ask who ${email} is:`,
    '',
    `curl ${url}/backend/me -H 'Authorization: Bearer ${accessToken}'`,
    '',
    `  All tokens: curl ${url}/_sim/accounts   Ctrl-C stops it.`,
    rule,
    '',
  ].join('\n');
}
