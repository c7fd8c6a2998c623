import { promptOfChat } from './chat.js';
import { requestOfVideo } from './videos.js';

const unstorable = ['a\0b', 'half \ud83d of a fox', '\udc00'];

test.each(unstorable)('text that the database would refuse is the mistake of the client, not ours: %j', (prompt) => {
  expect(() => requestOfVideo({ model: 'sora2-landscape-10s', prompt })).toThrow(
    expect.objectContaining({ code: 'invalid_value', param: 'prompt' }),
  );
  expect(() => promptOfChat({ model: 'm', messages: [{ role: 'user', content: prompt }] })).toThrow(
    expect.objectContaining({ code: 'invalid_value', param: 'messages' }),
  );
});

test('a whole fox is kept', () => {
  expect(requestOfVideo({ model: 'sora2-landscape-10s', prompt: '🦊' }).prompt).toBe('🦊');
});
