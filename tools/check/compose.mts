// docker-compose.yml without an engine: docker-compose itself reads it where it is installed, and our own look checks what it cannot know.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

const keys = ['POSTGRES_PASSWORD', 'MASTER_KEY', 'WEB_KEY', 'INTERNAL_KEY', 'ADMIN_KEY', 'API_KEY'];
const apps = ['gateway', 'worker', 'token-manager', 'simulator', 'simulator-accounts', 'migrate'];

interface Service {
  build?: { args?: Record<string, string> };
  environment?: Record<string, string>;
  profiles?: string[];
}

export function checkCompose(root: string): string[] {
  const text = readFileSync(path.join(root, 'docker-compose.yml'), 'utf8');
  const { services } = parse(text, { merge: true }) as { services: Record<string, Service> };
  const problems = apps.flatMap((app) =>
    services[app]?.build?.args?.APP === app
      ? []
      : [`docker-compose.yml: service ${app} must build the Dockerfile with APP=${app}`],
  );
  if (!services.simulator?.profiles?.includes('simulator'))
    problems.push('docker-compose.yml: the simulator must sit behind its profile');
  for (const [name, service] of Object.entries(services)) {
    if (name !== 'token-manager' && service.environment && 'MASTER_KEY' in service.environment) {
      problems.push(`docker-compose.yml: only the token-manager may have MASTER_KEY, not ${name}`);
    }
  }
  return [...problems, ...readWithDockerCompose(root)];
}

function readWithDockerCompose(root: string): string[] {
  const environment = { ...process.env, ...Object.fromEntries(keys.map((key) => [key, 'only-to-read-the-file'])) };
  const result = spawnSync('docker-compose', ['--profile', 'simulator', 'config', '-q'], {
    cwd: root,
    encoding: 'utf8',
    env: environment,
  });
  if (result.error) {
    return process.env.CI ? ['docker-compose is not installed, so docker-compose.yml was not read by it'] : [];
  }
  return result.status === 0 ? [] : [`docker-compose config: ${result.stderr.trim()}`];
}
