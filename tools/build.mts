// `npm run build`: builds every package and app whose sources have changed.
import { buildAll } from './launcher/build.mts';

const begin = performance.now();
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort());
process.on('disconnect', () => interruption.abort());

try {
  const { built, cached } = await buildAll({
    env: process.env,
    signal: interruption.signal,
    onWait: () => console.log('waiting for another build in this folder …'),
  });
  console.log(`built ${built} and kept ${cached} in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
} catch (error) {
  console.error(interruption.signal.aborted ? 'interrupted' : (error as Error).message);
  process.exitCode = 1;
}
process.disconnect?.();
