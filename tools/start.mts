// `npm start`: runs Reelay, or joins apps to a Reelay that runs here already.
import { homeDir } from './infra/paths.mts';
import { launch } from './launcher/launch.mts';

await launch(process.argv.slice(2), { homeDir, env: process.env });
