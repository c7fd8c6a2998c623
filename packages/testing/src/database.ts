/** A database of its own for a test file: a clone of the migrated template, made in some tens of milliseconds. */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/** Clones the database that TEST_DATABASE_URL names. */
export async function createTestDatabase(templateUrl = process.env.TEST_DATABASE_URL): Promise<TestDatabase> {
  if (!templateUrl) {
    throw new Error(
      'TEST_DATABASE_URL is not set: run the tests through `npm test`, which starts a throw-away PostgreSQL.',
    );
  }
  const url = new URL(templateUrl);
  const template = url.pathname.slice(1);
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(templateUrl, `CREATE DATABASE "${name}" TEMPLATE "${template}"`);
  url.pathname = `/${name}`;
  return {
    url: url.toString(),
    drop: () => administer(templateUrl, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`),
  };
}

const templateBusy = '55006';

async function administer(serverUrl: string, statement: string): Promise<void> {
  const url = new URL(serverUrl);
  url.pathname = '/postgres';
  for (let tries = 1; ; tries += 1) {
    const client = new Client({ connectionString: url.toString() });
    await client.connect();
    try {
      await client.query(statement);
      return;
    } catch (error) {
      // Another file is cloning the template at this moment.
      if ((error as { code?: string }).code !== templateBusy || tries >= 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      await client.end();
    }
  }
}
