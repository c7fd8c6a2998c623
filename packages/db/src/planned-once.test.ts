import { Prisma } from './generated/prisma/client.js';
import { inText, plannedOnce, statementName } from './planned-once.js';

it('names what is planned once by its text, whatever the values, and nothing else', () => {
  const marked = (value: number) => Prisma.sql`${plannedOnce} SELECT ${value}`;
  expect(statementName(marked(1))).toBe(statementName(marked(2)));
  expect(statementName(marked(1))).not.toBe(statementName(Prisma.sql`${plannedOnce} SELECT ${1}, ${2}`));
  expect(statementName(Prisma.sql`SELECT ${1}`)).toBe('');
});

it('lets into a text only what can do nothing there', () => {
  expect([inText(-5).sql, inText('sora.web-2').sql]).toEqual(['-5', "'sora.web-2'"]);
  for (const bad of [1.5, Number.NaN, '', "x'; --", 'a b']) expect(() => inText(bad)).toThrow(RangeError);
});
