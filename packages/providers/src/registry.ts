import type { Provider } from '@reelay/contracts/provider';
import { SoraProvider } from './sora/sora-provider.js';

/** Every upstream Reelay can speak to, by the id that models and tokens name. Adaptors keep no state: one instance serves a process. */
export function createProviders(): ReadonlyMap<string, Provider> {
  const providers: Provider[] = [new SoraProvider()];
  return new Map(providers.map((provider) => [provider.declaration.id, provider]));
}
