import { createDatabase, type Database } from '@reelay/db/client';
import { insertAssigned } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { leaveOutBusy } from './leave-out-busy.js';

let file: TestDatabase;
let database: Database;
beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});

it('keeps of a thousand lanes pinned to accounts those that could go on, with one question', async () => {
  const [busy, free] = [await insertToken(database, { videoLimit: 1 }), await insertToken(database)];
  await insertAssigned(database, { tokenId: busy });
  const gone = Array.from({ length: 1_000 }, (_, no) => `sora:video:any:sora2:gone-${no}`);
  const kept = [
    `sora:image:any:-:${busy}`,
    `sora:video:any:sora2:${free}`,
    'sora:video:any:sora2',
    'not a lane',
    'a:enhance:any:-:x',
  ];
  const lanes = [...gone, `sora:video:any:sora2:${busy}`, ...kept].map((lane) => ({
    lane,
    priority: 0,
    since: new Date(),
  }));
  let questions = 0;
  const counting = {
    $queryRaw: (...query: Parameters<Database['$queryRaw']>) => {
      questions += 1;
      return database.$queryRaw(...query);
    },
  };
  const left = await leaveOutBusy(counting as unknown as Database, lanes);
  expect(left.map(({ lane }) => lane)).toEqual(kept);
  expect(questions).toBe(1);
});
