import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { AppName } from './app-environment.mts';
import { claimFolder } from './claim-folder.mts';
import { type CommandLine, readCommandLine, usage } from './command-line.mts';
import { listenForInterruption } from './interruption.mts';
import { JoinedApps } from './join.mts';
import { type Output, standardOutput } from './output.mts';
import { panel } from './panel.mts';
import { type RunFile, readRunFile } from './run-file.mts';
import { shownPath } from './shown-path.mts';
import { askInstance, type Instance } from './single-instance.mts';
import { Stack } from './stack.mts';
import { watchSources } from './watch.mts';

export interface LaunchOptions {
  homeDir: string;
  env: NodeJS.ProcessEnv;
  /** Where an app's compiled main file is; the checkout's (built first), if not given. */
  entry?: ((app: AppName) => string) | undefined;
}

interface Launch extends LaunchOptions {
  output: Output;
}

/** The life of an `npm start`, from its arguments to the end of the process. */
export async function launch(args: string[], options: LaunchOptions): Promise<void> {
  // The reader of a pipe may leave (`npm start | head`); that is no reason to drop the apps without a proper end.
  process.stdout.on('error', () => {});
  const launched = { ...options, output: standardOutput(options.env) };
  try {
    const command = readCommandLine(args);
    if (command.wantsHelp) {
      console.log(usage);
      return;
    }
    mkdirSync(options.homeDir, { recursive: true, mode: 0o700 });
    if (command.only !== undefined) return await join(command.only, launched);
    const instance = await claimFolder(options.homeDir, launched.output);
    if (instance === undefined) process.exit(0);
    await runStack(instance, command, launched);
  } catch (error) {
    explain(error, launched.output);
    process.exit(1);
  }
}

async function runStack(instance: Instance, command: CommandLine, launched: Launch): Promise<void> {
  const { output } = launched;
  const startedAt = performance.now() - (Number(launched.env.REELAY_BOOTSTRAP_MS) || 0);
  const stack = new Stack(launched);
  const end = async (exitCode: number) => {
    instance.announce({ state: 'stopping' });
    await stack.stop();
    process.exit(exitCode);
  };
  let isEnding = false;
  listenForInterruption({
    end: (reason) => {
      isEnding = true;
      output.log('info', `${reason}: stopping everything; once more ends it at once`);
      void end(0);
    },
    endNow: () => endNow(() => stack.kill()),
  });
  try {
    const run = await stack.start();
    instance.announce({ state: 'ready', gatewayUrl: run.gatewayUrl });
    showPanel(stack, run, { ...launched, seconds: (performance.now() - startedAt) / 1000 });
    if (command.isWatching) watchSources((changed) => stack.rebuild(changed), output);
  } catch (error) {
    if (isEnding) return;
    explain(error, output);
    await end(1);
  }
}

async function join(apps: AppName[], { homeDir, env, output, entry }: Launch): Promise<void> {
  const joined = new JoinedApps({ homeDir, env, output, entry });
  const end = async (exitCode: number) => {
    await joined.stop();
    process.exit(exitCode);
  };
  const stackIsGone = () => {
    output.log('warn', 'the stack has ended, and so does this part of it');
    void end(0);
  };
  const status = await askInstance(homeDir, 'stack', stackIsGone);
  const run = readRunFile(homeDir);
  if (status?.state !== 'ready' || run === undefined) {
    throw new Error(`No Reelay runs in ${shownPath(homeDir)} that could be joined. Start one first: npm start`);
  }
  listenForInterruption({ end: () => void end(0), endNow: () => endNow(() => joined.kill()) });
  await joined.start(apps, run);
  output.endQuiet();
  output.log('info', `${apps.join(', ')} joined the stack at ${run.gatewayUrl}; Ctrl-C ends only this`);
}

function showPanel(stack: Stack, run: RunFile, { output, seconds, homeDir }: Launch & { seconds: number }): void {
  const text = panel({ run, upstream: stack.upstream, notes: stack.notes, seconds, homeDir });
  output.endQuiet();
  output.say(text);
  if (output.format === 'text') return;
  for (const note of stack.notes) output.log('warn', note);
  const { gatewayUrl, adminUrl } = run;
  const fields = { gatewayUrl, adminUrl, upstream: stack.upstream, phases: stack.phases.seconds, seconds };
  // Where the keys are, not the keys: machines collect and keep this line.
  output.log('info', 'ready', { ...fields, runFile: path.join(homeDir, 'run.json') });
  if (process.stderr.isTTY) process.stderr.write(text);
}

function explain(error: unknown, output: Output): void {
  output.showHeldBack();
  const { message, name, stack } = error instanceof Error ? error : new Error(String(error));
  // A plain Error is a sentence of ours; anything else is a fault, and the place in the code helps.
  const text = name === 'Error' ? message : (stack ?? message);
  if (output.format === 'json') output.log('error', text);
  else output.say(`\nReelay could not be started: ${text}`);
}

function endNow(kill: () => void): void {
  kill();
  // The kernel needs a moment to end them; the leash would do the rest.
  setTimeout(() => process.exit(130), 200);
}
