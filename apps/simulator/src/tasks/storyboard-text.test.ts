import { checkStoryboardText } from './storyboard-text.js';

const shots = 'Shot 1:\nduration: 5.0sec\nScene: a jump\n\nShot 2:\nduration: 5sec\nScene: land';

test.each([
  ['shots', shots],
  ['shots with instructions', `current timeline:\n${shots}\n\ninstructions:\nIntro`],
  ['instructions of several paragraphs', `current timeline:\n${shots}\n\ninstructions:\nOne\n\nTwo`],
  ['one shot', 'Shot 1:\nduration: 10sec\nScene: a jump'],
  ['an empty scene', 'Shot 1:\nduration: 10sec\nScene: \n\nShot 2:\nduration: 1sec\nScene: land'],
  ['a scene with blank lines', 'Shot 1:\nduration: 10sec\nScene: a\n\nb\n\nShot 2:\nduration: 1sec\nScene: c'],
  ['a lone tag', '[5.0s]'],
  ['a text before a lone tag', 'Intro [5s]'],
  ['a lone tag with another bracket', '[5s][x'],
])('accepts %s', (_, prompt) => {
  expect(checkStoryboardText(prompt)).toBeUndefined();
});

test.each([
  ['no tag at all', 'a cat'],
  ['a tag that was not formatted', '[5.0s]a jump [5s]land'],
  ['shots counted from zero', shots.replace('Shot 1', 'Shot 0')],
  ['shots that skip a number', shots.replace('Shot 1', 'Shot 2')],
  ['a duration without its unit', shots.replace('5.0sec', '5.0')],
  ['a duration in other words', shots.replace('5.0sec', 'five sec')],
  ['a shot without a scene', shots.replace('\nScene: a jump', '')],
  ['a timeline without instructions', `current timeline:\n${shots}`],
  ['instructions without a timeline', `${shots}\n\ninstructions:\nIntro`],
  ['blank instructions', `current timeline:\n${shots}\n\ninstructions:\n `],
  ['a second shot that is damaged', shots.replace('duration: 5sec', 'for 5 s')],
])('refuses %s', (_, prompt) => {
  expect(checkStoryboardText(prompt)).toMatch(/\S/);
});
