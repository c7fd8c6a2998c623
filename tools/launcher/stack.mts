import { migrate } from '../migrate.mts';
import { type AppName, type AppSettings, givenHost, givenSetting } from './app-environment.mts';
import { superviseApp } from './apps.mts';
import { buildAll } from './build.mts';
import { type Databases, openDatabases } from './databases.mts';
import { gitCommit } from './git-commit.mts';
import { fingerprintKeys } from './join-keys.mts';
import { loadKeys } from './keys.mts';
import type { Output } from './output.mts';
import { Phases } from './phases.mts';
import { chooseGatewayPort, choosePort, isFree, wantedGatewayPort } from './ports.mts';
import { type RunFile, removeRunFile, writeRunFile } from './run-file.mts';
import { addSimulatorTokens } from './simulator-tokens.mts';
import { stopInOrder } from './stop-in-order.mts';
import type { SupervisedChild } from './supervised-child.mts';

export interface StackOptions {
  homeDir: string;
  env: NodeJS.ProcessEnv;
  output: Output;
  /** Where an app's compiled main file is; the checkout's (built first), if not given. */
  entry?: ((app: AppName) => string) | undefined;
}

/** Databases and apps of one data folder, from nothing to serving and back. */
export class Stack {
  readonly phases: Phases;
  readonly notes: string[] = [];
  readonly #options: StackOptions;
  readonly #stopping = new AbortController();
  readonly #databases: SupervisedChild[] = [];
  readonly #apps = new Map<AppName, SupervisedChild>();
  #hasSimulator = false;
  #run: RunFile | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: StackOptions) {
    this.#options = options;
    this.phases = new Phases(options.output);
  }

  /** Where requests end, for the panel. */
  get upstream(): string {
    if (this.#hasSimulator) return 'built-in simulator';
    return `the accounts you add (POST ${this.#run?.adminUrl}/tokens with the admin key)`;
  }

  /** Rejects with a sentence for the user; `stop` must then be called, too. */
  async start(): Promise<RunFile> {
    const { homeDir, env } = this.#options;
    wantedGatewayPort(env); // a wrong PORT is told before anything is built
    removeRunFile(homeDir); // a killed predecessor's
    const bootstrapMs = Number(env.REELAY_BOOTSTRAP_MS);
    if (bootstrapMs > 0) this.phases.record('install', bootstrapMs / 1000);
    await this.#build();
    const keys = await loadKeys(homeDir, env);
    const databases = await this.#openDatabases();
    const settings = await this.#chooseAddresses(keys, databases);
    await this.#startApps(settings);
    this.#run = {
      gatewayUrl: settings.gatewayUrl,
      apiKey: keys.api,
      adminUrl: `${settings.gatewayUrl}/api/admin`,
      adminKey: keys.admin,
      simulatorUrl: settings.simulatorUrl,
      tokenManagerUrl: settings.tokenManagerUrl,
      databaseUrl: databases.databaseUrl,
      redisUrl: databases.redisUrl,
      keyFingerprints: fingerprintKeys(keys),
      startedAt: new Date().toISOString(),
      pids: {},
    };
    this.#publish();
    return this.#run;
  }

  /** Apps first, then their databases; within ten seconds whatever happens. */
  stop(): Promise<void> {
    this.#stopping.abort();
    removeRunFile(this.#options.homeDir);
    this.#stopped ??= stopInOrder(this.#apps, this.#databases);
    return this.#stopped;
  }

  /** Ends everything at once, without giving anybody a chance to tidy up. */
  kill(): void {
    this.#stopping.abort();
    for (const child of [...this.#apps.values(), ...this.#databases]) child.kill();
    removeRunFile(this.#options.homeDir);
  }

  /** Builds, migrates, and restarts the apps that `changed` names after it; for `--watch`. */
  async rebuild(changed: () => AppName[]): Promise<void> {
    await buildAll({ env: this.#options.env, signal: this.#stopping.signal });
    if (this.#run !== undefined) await migrate(this.#run.databaseUrl);
    const apps = changed();
    for (const app of apps) this.#options.output.log('info', `${app} has changed and is restarted`);
    await Promise.all(apps.map((app) => this.#apps.get(app)?.restart()));
  }

  async #build(): Promise<void> {
    if (this.#options.entry !== undefined) return;
    await this.phases.run('build', async (phase) => {
      const { built, cached } = await buildAll({
        env: this.#options.env,
        signal: this.#stopping.signal,
        onWait: () => phase.detail('waiting for another build of this folder'),
      });
      phase.detail(built === 0 ? 'nothing to do' : `${built} of ${built + cached} parts`);
    });
  }

  #openDatabases(): Promise<Databases> {
    const { homeDir, env, output } = this.#options;
    return this.phases.run('databases', async (phase) => {
      const databases = await openDatabases({
        ...{ homeDir, env, output },
        onChange: () => this.#publish(),
        onChild: (child) => this.#databases.push(child),
      });
      phase.detail(databases.description);
      await migrate(databases.databaseUrl);
      this.#stopping.signal.throwIfAborted();
      return databases;
    });
  }

  async #chooseAddresses(keys: AppSettings['keys'], databases: Databases): Promise<AppSettings> {
    const { env, homeDir } = this.#options;
    const gatewayHost = givenHost(env);
    const gateway = await chooseGatewayPort(env, gatewayHost);
    if (gateway.note !== undefined) this.notes.push(gateway.note);
    const hasBuiltInDatabases = databases.children.length === 2;
    this.#hasSimulator = env.SIMULATOR ? env.SIMULATOR !== '0' : hasBuiltInDatabases;
    return {
      ...{ homeDir, keys, gatewayHost, commit: givenSetting(env, 'REELAY_COMMIT') ?? gitCommit() },
      databaseUrl: databases.databaseUrl,
      redisUrl: databases.redisUrl,
      gatewayUrl: gatewayUrl(gatewayHost, gateway.port),
      tokenManagerUrl: `http://127.0.0.1:${await choosePort()}`,
      simulatorUrl: this.#hasSimulator ? `http://127.0.0.1:${await choosePort()}` : givenSetting(env, 'SIMULATOR_URL'),
    };
  }

  #startApps(settings: AppSettings): Promise<void> {
    return this.phases.run('apps', async (phase) => {
      const start = (app: AppName) => this.#supervise(app, settings).start();
      const [accounts] = await Promise.all([
        this.#hasSimulator
          ? Promise.all([start('token-manager'), start('simulator')]).then(() => this.#addTokens(settings))
          : start('token-manager'),
        start('worker'),
        this.#startGateway(settings),
      ]);
      phase.detail([...this.#apps.keys()].join(', ') + (accounts ? ` with ${accounts} accounts` : ''));
    });
  }

  #addTokens({ simulatorUrl = '', tokenManagerUrl, keys }: AppSettings): Promise<number> {
    const signal = this.#stopping.signal;
    return addSimulatorTokens({ simulatorUrl, tokenManagerUrl, internalKey: keys.internal, signal });
  }

  /** Another program may have taken the port since it was chosen. */
  async #startGateway(settings: AppSettings): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#supervise('gateway', settings).start();
      } catch (error) {
        const port = Number(new URL(settings.gatewayUrl).port);
        if (attempt === 3 || this.#stopping.signal.aborted || (await isFree(port, settings.gatewayHost))) throw error;
        const other = await chooseGatewayPort({ ...this.#options.env, PORT: String(port) }, settings.gatewayHost);
        if (other.note !== undefined) this.notes.push(other.note);
        settings.gatewayUrl = gatewayUrl(settings.gatewayHost, other.port);
      }
    }
  }

  #supervise(app: AppName, settings: AppSettings): SupervisedChild {
    const child = superviseApp(app, () => settings, { ...this.#options, onChange: () => this.#publish() });
    this.#apps.set(app, child);
    return child;
  }

  #publish(): void {
    if (this.#run === undefined || this.#stopping.signal.aborted) return;
    const children = [...this.#databases, ...this.#apps.values()];
    const pids = children.flatMap((child) => (child.pid === undefined ? [] : [[child.name, child.pid] as const]));
    this.#run.pids = { launcher: process.pid, ...Object.fromEntries(pids) };
    writeRunFile(this.#options.homeDir, this.#run);
  }
}

/** An address for clients on this machine. */
function gatewayUrl(host: string, port: number): string {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host] ?? (host.includes(':') ? `[${host}]` : host);
  return `http://${reachable}:${port}`;
}
