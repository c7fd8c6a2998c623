import { usageQuerySchema } from './usage.js';

test.each([
  ['nothing', {}, ['day']],
  ['the first days', { start: '2000-01-01', end: '2000-01-02' }, ['day']],
  ['one day', { start: '2026-11-22', end: '2026-11-22' }, ['day']],
  ['a leap year by day', { start: '2028-01-01', end: '2028-12-31' }, ['day']],
  ['a quarter in detail', { start: '2026-01-01', end: '2026-03-31', group_by: 'day, model,day' }, ['day', 'model']],
  ['a year by model and kind', { start: '2026-01-01', end: '2026-12-31', group_by: 'model,kind' }, ['model', 'kind']],
])('%s can be asked for', (_, query, groups) => {
  expect(usageQuerySchema.parse(query).group_by).toEqual(groups);
});

test.each([
  ['a day that does not exist', { start: '2026-02-30', end: '2026-03-01' }],
  ['a year before there was anything', { start: '0000-01-01', end: '0000-01-02' }],
  ['the day before the first', { start: '1999-12-31', end: '2000-01-02' }],
  ['a time', { start: '2026-02-01T00:00:00Z', end: '2026-03-01' }],
  ['an end before the start', { start: '2026-03-02', end: '2026-03-01' }],
  ['a start without an end', { start: '2026-03-02' }],
  ['more than a year', { start: '2026-01-01', end: '2027-02-01' }],
  ['a year in detail', { start: '2026-01-01', end: '2026-12-31', group_by: 'day,model' }],
  ['a group that nobody knows', { group_by: 'colour' }],
  ['a word that every object has', { group_by: 'constructor' }],
])('%s is refused', (_, query) => {
  expect(usageQuerySchema.safeParse(query).success).toBe(false);
});
