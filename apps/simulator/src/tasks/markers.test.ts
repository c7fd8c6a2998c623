import { readMarkers } from './markers.js';

test.each([
  ['a dog', { timing: {} }],
  ['a dog [sim:violation]', { timing: {}, outcome: 'violation' }],
  ['[sim:reply-lost] a dog', { timing: {}, reply: 'lost' }],
  ['[sim:overload]', { timing: {}, refusal: 'overload' }],
  [
    '[sim:render=20s] [sim:gap=500ms] [sim:unlisted]',
    { timing: { renderMs: 20_000, gapMs: 500 }, outcome: 'unlisted' },
  ],
  ['[sim:render=0.5s]', { timing: { renderMs: 500 } }],
])('reads %j as %j', (prompt, orders) => {
  expect(readMarkers(prompt)).toEqual(orders);
});

test.each(['[sim:]', '[sim:unknown]', '[sim:render]', '[sim:render=5]', '[sim:constructor=1s]', '[5s] a dog'])(
  'takes %j for text',
  (prompt) => {
    expect(readMarkers(prompt)).toEqual({ timing: {} });
  },
);
