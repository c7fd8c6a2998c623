import { defineConfig } from 'prisma/config';

// Prisma's command line only: authoring migrations and generating the client. The applications never read this file.
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://postgres@127.0.0.1:5432/reelay' },
});
