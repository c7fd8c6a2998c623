import { isAppError } from '@reelay/contracts/errors';
import { z } from 'zod';
import { checkQuery } from './check-query.js';

const schema = z.object({ purpose: z.string().max(40).optional(), limit: z.coerce.number().default(20) });

function refusalOf(query: unknown) {
  try {
    return checkQuery(schema, query);
  } catch (error) {
    return isAppError(error) ? [error.code, error.param] : error;
  }
}

test.each<[string, unknown, unknown]>([
  ['what fits is read', { purpose: 'vision', limit: '5' }, { purpose: 'vision', limit: 5 }],
  ['what is left out has its default', {}, { limit: 20 }],
  ['a value that does not fit is named', { limit: 'x' }, ['invalid_value', 'limit']],
  ['so is one that is sent twice', { purpose: ['a', 'b'] }, ['invalid_value', 'purpose']],
  ['and a NUL, which no database would take', { purpose: 'a\0b' }, ['invalid_value', 'purpose']],
])('%s', (_name, query, expected) => {
  expect(refusalOf(query)).toEqual(expected);
});
