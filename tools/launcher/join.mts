import { type AppName, givenHost } from './app-environment.mts';
import { type AppsOptions, superviseApp } from './apps.mts';
import { gitCommit } from './git-commit.mts';
import { joinKeys } from './join-keys.mts';
import { choosePort } from './ports.mts';
import type { RunFile } from './run-file.mts';
import { stopInOrder } from './stop-in-order.mts';
import type { SupervisedChild } from './supervised-child.mts';

export interface JoinOptions extends Omit<AppsOptions, 'onChange'> {
  homeDir: string;
}

/** More apps beside a stack that runs already, under this process. */
export class JoinedApps {
  readonly #children = new Map<AppName, SupervisedChild>();

  readonly #options: JoinOptions;

  constructor(options: JoinOptions) {
    this.#options = options;
  }

  async start(apps: AppName[], run: RunFile): Promise<void> {
    const { homeDir, env } = this.#options;
    const keys = joinKeys(homeDir, env, run);
    for (const app of new Set(apps)) {
      // The running stack's own ports are taken: whoever listens gets one of its own.
      const own = `http://127.0.0.1:${app === 'gateway' && env.PORT ? env.PORT : await choosePort()}`;
      const settings = {
        ...{ homeDir, keys, commit: gitCommit(), databaseUrl: run.databaseUrl, redisUrl: run.redisUrl },
        gatewayHost: givenHost(env),
        gatewayUrl: app === 'gateway' ? own : run.gatewayUrl,
        tokenManagerUrl: app === 'token-manager' ? own : run.tokenManagerUrl,
        simulatorUrl: app === 'simulator' ? own : run.simulatorUrl,
      };
      this.#children.set(
        app,
        superviseApp(app, () => settings, { ...this.#options, onChange: () => {} }),
      );
    }
    await Promise.all([...this.#children.values()].map((child) => child.start()));
  }

  stop(): Promise<void> {
    return stopInOrder(this.#children, []);
  }

  kill(): void {
    for (const child of this.#children.values()) child.kill();
  }
}
