import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlResultSet,
} from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';

const internalChar = 18;
const text = 25;
const mark = ' (internal char)';

/** Prisma's `pg` adapter with what the schema engine needs of it corrected, see below. */
export function postgresAdapter(url: string): ReturnType<typeof bindMigrationAwareSqlAdapterFactory> {
  const config = parseIntoClientConfig(url) as pg.PoolConfig;
  const schema = new URL(url).searchParams.get('schema') ?? undefined;
  const factory: SqlMigrationAwareDriverAdapterFactory = {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => connect(config, schema),
    connectToShadowDb: () => connectToShadow(config, schema),
  };
  return bindMigrationAwareSqlAdapterFactory(factory);
}

async function connect(config: pg.PoolConfig, schema?: string): Promise<SqlDriverAdapter> {
  const pool = new pg.Pool(config);
  pool.on('connect', markInternalChar);
  const adapter = await new PrismaPg(pool, { disposeExternalPool: true, ...(schema && { schema }) }).connect();
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query) => unmarkInternalChar(await queryRaw(query));
  // The adapter's own executeScript cuts the script at every semicolon, function bodies included.
  adapter.executeScript = async (sql) => {
    await adapter.executeRaw({ sql, args: [], argTypes: [] });
  };
  return adapter;
}

/**
 * The catalogues use the type "char", which the adapter refuses to map. Its columns travel through the adapter as text under a
 * marked name.
 */
function markInternalChar(client: pg.PoolClient): void {
  const { connection } = client as unknown as pg.Client;
  connection.on('rowDescription', ({ fields }: { fields: pg.FieldDef[] }) => {
    for (const field of fields.filter(({ dataTypeID }) => dataTypeID === internalChar)) {
      field.dataTypeID = text;
      field.name += mark;
    }
  });
}

function unmarkInternalChar(result: SqlResultSet): SqlResultSet {
  const isMarked = (name: string) => name.endsWith(mark);
  return {
    ...result,
    columnNames: result.columnNames.map((name) => (isMarked(name) ? name.slice(0, -mark.length) : name)),
    columnTypes: result.columnTypes.map((type, i) =>
      isMarked(result.columnNames[i] ?? '') ? ColumnTypeEnum.Character : type,
    ),
  };
}

/** The adapter's own drops the shadow database while its connections are still open. */
async function connectToShadow(config: pg.PoolConfig, schema?: string): Promise<SqlDriverAdapter> {
  const main = await connect(config, schema);
  const database = `prisma_migrate_shadow_db_${crypto.randomUUID()}`;
  await main.executeScript(`CREATE DATABASE "${database}"`);
  const shadow = await connect({ ...config, database }, schema);
  return Object.assign(Object.create(shadow) as SqlDriverAdapter, {
    dispose: async () => {
      await shadow.dispose();
      await main.executeScript(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
      await main.dispose();
    },
  });
}
