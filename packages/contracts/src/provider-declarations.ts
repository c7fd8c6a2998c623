/** What each provider can do, as data, so that the gateway knows them without importing adaptors. */
import type { ProviderDeclaration, ProviderTarget } from './provider.js';

export const soraDeclaration: ProviderDeclaration = {
  id: 'sora',
  name: 'Sora web backend',
  kinds: ['image', 'video', 'character', 'enhance'],
  synchronous: false,
  // Its app offers nothing to stop a task with (protocol 4.9: what clients called cancel never reached it).
  canCancel: false,
};

export const providerDeclarations: readonly ProviderDeclaration[] = [soraDeclaration];

export const soraTarget: ProviderTarget = {
  name: 'sora',
  urls: {
    backend: 'https://sora.chatgpt.com/backend',
    session: 'https://sora.chatgpt.com/api/auth/session',
    oauth: 'https://auth.openai.com/oauth/token',
    sentinel: 'https://chatgpt.com/backend-api/sentinel/req',
  },
  mediaHosts: ['*.openai.com', '*.chatgpt.com', '*.oaiusercontent.com', '*.oaistatic.com'],
  simulated: false,
};

/** The built-in simulator serves every upstream host from one base URL. */
export function simulatorTarget(baseUrl: string): ProviderTarget {
  const base = baseUrl.replace(/\/+$/, '');
  return {
    name: 'simulator',
    urls: {
      backend: `${base}/backend`,
      session: `${base}/api/auth/session`,
      oauth: `${base}/oauth/token`,
      sentinel: `${base}/backend-api/sentinel/req`,
    },
    mediaHosts: [new URL(base).host],
    simulated: true,
  };
}

/** The targets a process can reach: the real one always, the simulator where its URL is configured. */
export function createTargets(simulatorUrl: string | undefined): ReadonlyMap<string, ProviderTarget> {
  const targets = simulatorUrl ? [soraTarget, simulatorTarget(simulatorUrl)] : [soraTarget];
  return new Map(targets.map((target) => [target.name, target]));
}
