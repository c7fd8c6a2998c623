/**
 * Statements that each connection plans once: planning assignment's questions anew costs more than answering them. Such a statement begins
 * with `plannedOnce`, has few texts (what shapes its plan stands in the text, what varies is a parameter) and returns named columns.
 */
import { createHash } from 'node:crypto';
import { Prisma } from './generated/prisma/client.js';

const mark = '/* planned once */';

export const plannedOnce = Prisma.raw(mark);

/** By which a connection knows the statement again; empty for those that are planned each time. */
export function statementName({ sql }: { sql: string }): string {
  if (!sql.startsWith(mark)) return '';
  const known = names.get(sql);
  if (known !== undefined) return known;
  const name = createHash('sha1').update(sql).digest('hex');
  // They are few, unless somebody has put into a text what varies.
  if (names.size >= mostNames) names.clear();
  names.set(sql, name);
  return name;
}

const names = new Map<string, string>();
const mostNames = 1_000;

/**
 * A whole number or a plain name as part of the text. A statement without any parameter is always planned once; of one with some, Postgres
 * compares the plans for the first few values with that for all, and may go on planning.
 */
export function inText(value: number | string): Prisma.Sql {
  if (typeof value === 'number' ? Number.isSafeInteger(value) : /^[\w.-]+$/.test(value))
    return Prisma.raw(typeof value === 'number' ? String(value) : `'${value}'`);
  throw new RangeError(`Only whole numbers and plain names can stand in a statement, not ${value}.`);
}
