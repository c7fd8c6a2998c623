import { cardLine, cardOf, describeCharacter } from './character-card.js';

const character = { username: 'fox.742', displayName: 'Füchs', characterId: 'ch_1', cameoId: 'cameo_1' };
const work = { model: 'avatar-create', kind: 'character', workflow: 'character', prompt: '', hasImage: false } as const;
const now = 1_795_000_000_500;

test('a card has the fields that clients of sora2api read', () => {
  const card = cardOf(character, { ...work, sourceId: 'gen_1' }, 'https://x.example/a.webp', now);
  expect(cardLine(card)).toBe(
    '{"event":"character_card","card":{"username":"fox.742","display_name":"Füchs","character_id":"ch_1","cameo_id":"cameo_1",' +
      '"profile_asset_url":"https://x.example/a.webp","instruction_set":null,"public":true,"source_model":"avatar-create",' +
      '"source_generation_id":"gen_1","created_at":1795000000}}\n',
  );
});

test('the text says the name first, and of avatar-create the rest', () => {
  const card = cardOf(character, work, null, now);
  const whole = '角色创建成功，角色名@fox.742\n显示名：Füchs\nCharacter ID：ch_1\nCameo ID：cameo_1';
  expect(describeCharacter(card, work)).toBe(whole);
  expect(describeCharacter(card, { ...work, model: 'sora2-landscape-10s' })).toBe('角色创建成功，角色名@fox.742');
});

test('what the upstream did not tell is left out', () => {
  const { characterId: _unknown, ...rest } = character;
  const card = cardOf(rest, work, null, now);
  expect(card).toMatchObject({ character_id: null, profile_asset_url: null });
  expect(card).not.toHaveProperty('source_generation_id');
  expect(describeCharacter(card, work)).not.toContain('Character ID');
});
