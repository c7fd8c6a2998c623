// Adds the simulator's accounts to a Reelay that was not started by `npm start` (Docker Compose, say). Safe to repeat.
import { givenSetting } from './launcher/app-environment.mts';
import { addSimulatorTokens } from './launcher/simulator-tokens.mts';

try {
  const added = await addSimulatorTokens({
    simulatorUrl: needed('SIMULATOR_URL'),
    tokenManagerUrl: needed('TOKEN_MANAGER_URL'),
    internalKey: needed('INTERNAL_KEY'),
    signal: AbortSignal.timeout(60_000),
  });
  console.log(`${added} simulated accounts are there.`);
} catch (error) {
  console.error(`The simulated accounts could not be added: ${(error as Error).message}`);
  process.exit(1);
}

function needed(name: string): string {
  const value = givenSetting(process.env, name);
  if (value) return value;
  throw new Error(`set ${name}; docs/configuration.md says what it is.`);
}
