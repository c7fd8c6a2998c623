// The Sora web backend in miniature, for trying Reelay out and for testing it. It must never share code with the adaptors, the
// contracts or the solver that it is there to judge, and never be reachable by strangers: its control API asks for no key.
import { ConfigError, readConfig } from '@reelay/platform/config';
import { Lifecycle } from '@reelay/platform/lifecycle';
import { createLogger } from '@reelay/platform/logger';
import { settingsSchema } from './configuration.js';
import { createSimulator } from './simulator.js';

async function main(): Promise<void> {
  const settings = readConfig(settingsSchema, process.env);
  const log = createLogger({ app: 'simulator', format: settings.LOG_FORMAT, level: settings.LOG_LEVEL });
  const lifecycle = new Lifecycle({ log });
  const simulator = createSimulator({
    log,
    renderMs: settings.SIMULATOR_RENDER_MS,
    seed: settings.SIMULATOR_SEED,
    stateFolder: settings.SIMULATOR_STATE_DIR,
    remembered: settings.SIMULATOR_REMEMBERS,
  });
  lifecycle.onShutdown('simulator', () => simulator.close());
  const url = await simulator.server.listen({ host: settings.HOST, port: settings.PORT });
  lifecycle.announceReady({ url });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`);
  process.exit(1);
});
