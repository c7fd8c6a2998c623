import path from 'node:path';
import { root } from '../infra/paths.mts';
import { type AppName, type AppSettings, appEnvironment } from './app-environment.mts';
import { startApp } from './app-process.mts';
import type { Output } from './output.mts';
import { SupervisedChild } from './supervised-child.mts';

export interface AppsOptions {
  env: NodeJS.ProcessEnv;
  output: Output;
  onChange: () => void;
  /** Where an app's compiled main file is; the checkout's, if not given. */
  entry?: ((app: AppName) => string) | undefined;
}

/** @param settings asked again at every start of the app */
export function superviseApp(app: AppName, settings: () => AppSettings, options: AppsOptions): SupervisedChild {
  const entry = options.entry ?? ((name) => path.join(root, 'apps', name, 'dist', 'main.js'));
  return new SupervisedChild(
    app,
    (signal) =>
      startApp(
        {
          name: app,
          entry: entry(app),
          env: appEnvironment(app, settings(), options.env),
          onLine: (line) => options.output.childLine(app, line),
        },
        signal,
      ),
    options.output,
    options.onChange,
  );
}
