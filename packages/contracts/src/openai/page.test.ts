import { pageOf, pageQuerySchema } from './page.js';

test('a page is the twenty newest unless it is asked for otherwise', () => {
  expect(pageQuerySchema.parse({})).toEqual({ limit: 20, order: 'desc' });
  expect(pageQuerySchema.parse({ after: '', limit: '0', order: 'asc' })).toEqual({ limit: 0, order: 'asc' });
  expect(pageQuerySchema.parse({ after: 'video_1', limit: '100' })).toMatchObject({ after: 'video_1', limit: 100 });
});

test.each([{ limit: '101' }, { limit: '-1' }, { limit: '' }, { limit: '1.5' }, { limit: ['1', '2'] }, { order: 'up' }])(
  'refuses %j',
  (query) => {
    expect(pageQuerySchema.safeParse(query).success).toBe(false);
  },
);

test('says where it ends in all five keys, also when it is empty', () => {
  expect(pageOf([{ id: 'a' }, { id: 'b' }], true)).toEqual({
    ...{ object: 'list', data: [{ id: 'a' }, { id: 'b' }], first_id: 'a', last_id: 'b', has_more: true },
  });
  expect(pageOf([], false)).toEqual({ object: 'list', data: [], first_id: null, last_id: null, has_more: false });
});
