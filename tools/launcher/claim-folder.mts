import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Output } from './output.mts';
import { shownPath } from './shown-path.mts';
import { askInstance, claimInstance, type Instance, type InstanceStatus } from './single-instance.mts';

const predecessorTimeoutMs = 20_000;

/** Takes the data folder. Undefined, after telling the reader, when Reelay runs there already; one that is ending is waited for. */
export async function claimFolder(homeDir: string, output: Output): Promise<Instance | undefined> {
  const deadline = Date.now() + predecessorTimeoutMs;
  let isToldToWait = false;
  for (;;) {
    const instance = await claimInstance(homeDir, 'stack');
    if (instance !== undefined) return instance;
    const status = await askInstance(homeDir, 'stack');
    if (status !== undefined && status.state !== 'stopping') {
      reportRunning(status, homeDir, output);
      return undefined;
    }
    if (Date.now() > deadline) {
      throw new Error(`The Reelay in ${shownPath(homeDir)} (process ${status?.pid}) does not end; kill it.`);
    }
    if (status !== undefined && !isToldToWait) output.log('info', 'waiting for the previous run to end');
    isToldToWait ||= status !== undefined;
    await delay(100);
  }
}

function reportRunning({ pid, state, gatewayUrl }: Partial<InstanceStatus>, homeDir: string, output: Output): void {
  const folder = shownPath(homeDir);
  const where = `in ${folder}${pid === undefined ? '' : ` (process ${pid})`}`;
  if (state === 'ready') {
    output.log('info', `Reelay already runs ${where}: ${gatewayUrl}`, { gatewayUrl });
    output.say(`Its keys are in ${path.join(folder, 'run.json')}. To end it, press Ctrl-C there, or: kill ${pid}`);
  } else if (state === 'starting') {
    output.log('info', `Reelay is being started ${where} at this moment; its panel appears there`);
  } else {
    output.log('warn', `Reelay already runs ${where}, but does not answer`);
  }
}
