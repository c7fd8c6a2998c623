import { changeTokenSchema } from './token-details.js';
import { tokenFilterSchema, tokenListQuerySchema } from './token-list.js';
import { addTokenSchema } from './tokens.js';

const messageOf = (parsed: { error?: { issues: readonly { message: string }[] } | undefined }) =>
  parsed.error?.issues[0]?.message;

describe('the filter of accounts', () => {
  it('reads the same from a body and from a query, where everything is text', () => {
    const filter = { state: 'cooling', kind: 'video', plan: 'pro', sora2: true, q: 'ada', provider: 'sora' } as const;
    expect(tokenFilterSchema.parse(filter)).toEqual(filter);
    expect(tokenListQuerySchema.parse({ ...filter, sora2: 'true', limit: '7', total: 'true' })).toEqual({
      ...filter,
      ...{ limit: 7, total: true },
    });
    expect(tokenListQuerySchema.parse({ sora2: 'false' })).toMatchObject({ sora2: false, limit: 50, total: false });
  });

  it.each([
    { sate: 'active' },
    { state: 'ready' },
    { kind: 'character' },
    { plan: 'gold' },
    { sora2: 'yes' },
    { expiresBefore: 'tomorrow' },
    { expiresBefore: '2026-01-01T00:00:00' },
    { q: ' ' },
    { q: 'a\0b' },
    { target: 'x\0' },
  ])('refuses %j, which would otherwise choose others than were meant', (filter) => {
    expect(tokenFilterSchema.safeParse(filter).success).toBe(false);
  });

  it.each([{ limit: '0' }, { limit: '201' }, { after: '' }, { after: '\0' }])('refuses the page %j', (query) => {
    expect(tokenListQuerySchema.safeParse(query).success).toBe(false);
  });
});

describe('a credential that is added', () => {
  const accessToken = 'header.payload.signature';

  it('loses what copying put around it', () => {
    const added = addTokenSchema.parse({ accessToken: `  Bearer ${accessToken}\n`, sessionToken: '\tsession ' });
    expect(added).toMatchObject({ accessToken, sessionToken: 'session' });
  });

  it.each([
    ['accessToken', { accessToken: 'header.payload\n.signature' }],
    ['accessToken', { accessToken: 'header.payload .signature' }],
    ['sessionToken', { accessToken, sessionToken: 'one\r\ntwo' }],
    ['refreshToken', { accessToken, refreshToken: 'one two' }],
  ])('is refused where %s was wrapped or cut, with what to do about it', (field, body) => {
    const parsed = addTokenSchema.safeParse(body);
    expect(parsed.error?.issues[0]?.path).toEqual([field]);
    expect(messageOf(parsed)).toMatch(/spaces or line breaks inside\. Copy it whole/);
    expect(JSON.stringify(parsed.error?.issues)).not.toContain('signature');
  });

  it('is refused where a program put other characters into it, or nothing is left of it', () => {
    expect(messageOf(addTokenSchema.safeParse({ accessToken: 'header.payload…signature' }))).toMatch(/no token has/);
    expect(addTokenSchema.safeParse({ accessToken: `Bearer ${' '.repeat(40)}` }).success).toBe(false);
    expect(addTokenSchema.safeParse({ accessToken, refreshToken: '  ' }).success).toBe(false);
  });
});

describe('a change of an account', () => {
  it('keeps null, which removes, apart from what is left out', () => {
    expect(changeTokenSchema.parse({ proxyUrl: null, clientId: null })).toEqual({ proxyUrl: null, clientId: null });
  });

  it.each([
    {},
    { vidoeLimit: 2 },
    { weight: 0 },
    { weight: 1_001 },
    { imageLimit: -2 },
    { label: ' ' },
    { proxyUrl: 'ftp://x' },
  ])('refuses %j', (change) => {
    expect(changeTokenSchema.safeParse(change).success).toBe(false);
  });
});
