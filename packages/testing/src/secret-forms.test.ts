import { SecretForms } from './secret-forms.js';

const secret = 'p@ss"word/+of=the tests, long enough';
const forms = new SecretForms({ password: secret });

test.each<[string, string]>([
  ['plain', `before ${secret} behind`],
  ['plain, cut off', `before ${secret.slice(0, 24)}…`],
  ['inside base64, whatever stands before it', Buffer.from(`u:${secret}`).toString('base64')],
  ['inside base64, one further', Buffer.from(`us:${secret} and more`).toString('base64')],
  ['inside base64url', Buffer.from(`{"a":"${secret}"}`).toString('base64url')],
  ['hex', `00${Buffer.from(secret).toString('hex')}00`],
  ['URL-encoded', `http://user:${encodeURIComponent(secret)}@proxy`],
  ['in JSON', JSON.stringify({ secret })],
  ['in JSON in JSON', JSON.stringify({ body: JSON.stringify({ secret }) })],
  ['reversed', [...secret].reverse().join('')],
])('finds a secret that stands there %s', (_form, text) => {
  expect(forms.findIn(text)[0]).toMatchObject({ secret: 'password' });
});

test('finds nothing where there is nothing, nor in the last four characters', () => {
  expect(forms.findIn(`something else ${secret.slice(-4)}`)).toEqual([]);
});
