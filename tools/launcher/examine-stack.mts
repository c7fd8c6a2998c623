import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { givenHost } from './app-environment.mts';
import type { Finding } from './examine-machine.mts';
import { chooseGatewayPort } from './ports.mts';
import { type RunFile, readRunFile } from './run-file.mts';
import { shownPath } from './shown-path.mts';
import { askInstance } from './single-instance.mts';

/** The data folder, and what runs on it. */
export async function examineStack(homeDir: string, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const status = existsSync(homeDir) ? await askInstance(homeDir, 'stack') : undefined;
  if (status === undefined) {
    return [folder(homeDir), await port(env), { name: 'stack', state: 'fine', text: 'not running' }];
  }
  const who = `process ${status.pid ?? 'unknown'}`;
  const run = readRunFile(homeDir);
  if (status.state === undefined) {
    const advice = `It may be stopped or overloaded; if it stays so, kill it and start again.`;
    return [
      folder(homeDir),
      { name: 'stack', state: 'optional', text: `${who} holds the folder but is silent`, advice },
    ];
  }
  const stack: Finding = { name: 'stack', state: 'fine', text: `${status.state} (${who}) ${status.gatewayUrl ?? ''}` };
  return [folder(homeDir), stack, ...(status.state === 'ready' && run !== undefined ? await apps(run) : [])];
}

function folder(homeDir: string): Finding {
  const name = 'data folder';
  const shown = shownPath(homeDir);
  if (!existsSync(homeDir)) return { name, state: 'fine', text: `${shown}: made on the first start` };
  try {
    accessSync(homeDir, constants.W_OK);
    return { name, state: 'fine', text: `${shown}: ${readdirSync(homeDir).join(', ') || 'empty'}` };
  } catch {
    const advice = `Give it to your user (chown -R "$USER" ${shown}) or set REELAY_HOME to another folder.`;
    return { name, state: 'problem', text: `${shown} cannot be written`, advice };
  }
}

async function port(env: NodeJS.ProcessEnv): Promise<Finding> {
  try {
    const { port, note } = await chooseGatewayPort(env, givenHost(env));
    return { name: 'gateway port', state: note === undefined ? 'fine' : 'optional', text: note ?? `${port} is free` };
  } catch (error) {
    return { name: 'gateway port', state: 'problem', text: 'not usable', advice: (error as Error).message };
  }
}

async function apps(run: RunFile): Promise<Finding[]> {
  const services = { gateway: run.gatewayUrl, 'token-manager': run.tokenManagerUrl, simulator: run.simulatorUrl };
  const expected = ['gateway', 'worker', 'token-manager', ...(run.simulatorUrl === undefined ? [] : ['simulator'])];
  return Promise.all(
    expected.map(async (name): Promise<Finding> => {
      if (run.pids[name] === undefined) {
        const advice = 'It is being started again; the lines of npm start say why it ended.';
        return { name, state: 'optional', text: 'down', advice };
      }
      const text = `process ${run.pids[name]}`;
      const url = services[name as keyof typeof services];
      if (url === undefined) return { name, state: 'fine', text };
      const health = await healthOf(name === 'simulator' ? `${url}/_sim/health` : `${url}/healthz`);
      if (health.isFine) return { name, state: 'fine', text: `${text}, ${health.text}` };
      const advice = 'See its lines in the output of npm start; pressing Ctrl-C there and starting again is safe.';
      return { name, state: 'optional', text: `${text}, ${health.text}`, advice };
    }),
  );
}

async function healthOf(url: string): Promise<{ isFine: boolean; text: string }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    const body = (await response.text()).slice(0, 200);
    return { isFine: response.ok, text: `${url} → ${response.status} ${body}` };
  } catch (error) {
    return { isFine: false, text: `${url} does not answer (${(error as Error).message})` };
  }
}
