// `npm run demo`: asks for one video with the official SDK and saves it. Starts Reelay for it if none runs in this folder.
import { createWriteStream, mkdirSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import OpenAI from 'openai';
import { homeDir } from './infra/paths.mts';
import { listenForInterruption } from './launcher/interruption.mts';
import { Output } from './launcher/output.mts';
import { ProgressBar } from './launcher/progress-bar.mts';
import { type RunFile, readRunFile } from './launcher/run-file.mts';
import { askInstance, claimInstance } from './launcher/single-instance.mts';
import { Stack } from './launcher/stack.mts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    output: { type: 'string', short: 'o' },
    model: { type: 'string', short: 'm', default: 'sora2-landscape-10s' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  console.log('npm run demo -- [prompt] [-o file.mp4] [-m model]');
} else {
  const stack = await startIfNoneRuns();
  try {
    await makeVideo(await runningStack());
  } catch (error) {
    console.error(`\nThe demo did not get its video: ${(error as Error).message}`);
    process.exitCode = 1;
  }
  await stack?.stop();
  process.exit();
}

async function makeVideo(run: RunFile): Promise<void> {
  const prompt = positionals.join(' ') || 'A paper boat crosses a puddle in the rain';
  const client = new OpenAI({ baseURL: `${run.gatewayUrl}/v1`, apiKey: run.apiKey });
  const startedAt = performance.now();
  let video = await client.videos.create({ model: values.model, prompt });
  console.log(`\n${video.id}  ${video.model}  "${prompt}"`);

  const bar = new ProgressBar();
  while (video.status === 'queued' || video.status === 'in_progress') {
    bar.show(video.progress, video.status === 'queued' ? 'queued' : 'rendering');
    await delay(500);
    video = await client.videos.retrieve(video.id);
  }
  if (video.status !== 'completed') throw new Error(video.error?.message ?? `its status is ${video.status}`);
  bar.end('done');

  const file = path.resolve(process.env.INIT_CWD ?? '.', values.output ?? `reelay-demo-${video.id}.mp4`);
  mkdirSync(path.dirname(file), { recursive: true });
  const response = await client.videos.downloadContent(video.id);
  if (response.body === null) throw new Error('the answer to the download is empty');
  const target = createWriteStream(file);
  await pipeline(Readable.fromWeb(response.body), target);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`Saved after ${seconds} s: ${file} (${Math.ceil(target.bytesWritten / 1024)} KB)`);
}

/** The stack that runs in this folder; one that is being started is waited for. */
async function runningStack(): Promise<RunFile> {
  for (;;) {
    const run = readRunFile(homeDir);
    const status = await askInstance(homeDir, 'stack');
    if (run !== undefined && status?.state === 'ready') return run;
    if (status === undefined) throw new Error('Reelay has ended; start it with npm start, and try again.');
    await delay(200);
  }
}

async function startIfNoneRuns(): Promise<Stack | undefined> {
  mkdirSync(homeDir, { recursive: true, mode: 0o700 });
  const instance = await claimInstance(homeDir, 'stack');
  if (instance === undefined) return undefined;
  const log = path.join(homeDir, 'demo.log');
  console.log(`No Reelay runs in this folder; starting one for this demo (its log: ${log})`);
  const stack = new Stack({ homeDir, env: process.env, output: screenAndFile(log) });
  const end = async (exitCode: number) => {
    instance.announce({ state: 'stopping' });
    await stack.stop();
    process.exit(exitCode);
  };
  listenForInterruption({ end: () => void end(130), endNow: () => stack.kill() });
  try {
    const { gatewayUrl } = await stack.start();
    instance.announce({ state: 'ready', gatewayUrl });
  } catch (error) {
    console.error(`Reelay could not be started: ${(error as Error).message}. See ${log}.`);
    await end(1);
  }
  return stack;
}

/** On the screen only the launcher's own lines; what the apps log would tear the progress bar apart. */
function screenAndFile(file: string): Output {
  const log = createWriteStream(file, { mode: 0o600 });
  return new Output({ format: 'text', isQuietAtStart: false, writeChildLine: (text) => log.write(text) });
}
