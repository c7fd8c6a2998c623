import { Client } from 'pg';
import { createTestDatabase } from './database.js';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

test('gives a migrated database that nobody else sees', async () => {
  const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  expect(await query(one.url, 'SELECT count(*)::int AS owners FROM owner')).toEqual([{ owners: 0 }]);
  await query(one.url, 'CREATE TABLE mine (id int)');
  await expect(query(other.url, 'SELECT * FROM mine')).rejects.toThrow('does not exist');
  await Promise.all([one.drop(), other.drop()]);
});

test('many files can clone the template at once', async () => {
  const databases = await Promise.all(Array.from({ length: 6 }, () => createTestDatabase()));
  expect(new Set(databases.map(({ url }) => url)).size).toBe(6);
  await Promise.all(databases.map((database) => database.drop()));
});

test('drops the database although a connection is open', async () => {
  const database = await createTestDatabase();
  const client = new Client({ connectionString: database.url });
  client.on('error', () => {});
  await client.connect();
  await database.drop();
  await expect(query(database.url, 'SELECT 1')).rejects.toThrow('does not exist');
});

test('says how to run the tests when no server is named', async () => {
  await expect(createTestDatabase('')).rejects.toThrow('npm test');
});
