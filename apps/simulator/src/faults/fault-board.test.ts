import { SeededSource } from '../seeded-source.js';
import { faultRuleSchema } from './fault.js';
import { FaultBoard } from './fault-board.js';

const rule = (changes: object = {}) => faultRuleSchema.parse({ kind: 'server_error', endpoint: 'me', ...changes });

test('memory is bounded: of rules that have struck for the last time the oldest are forgotten, the others never', () => {
  const board = new FaultBoard(new SeededSource('test'));
  const lasting = board.add(rule({ endpoint: 'drafts' }));
  for (let number = 0; number < 3_000; number += 1) {
    board.add(rule({ count: 1 }));
    expect(board.take('answer', 'me', undefined)).toBeDefined();
  }
  const last = board.add(rule({ count: 2 }));
  expect(board.all().length).toBeLessThanOrEqual(1_002);
  expect(board.all()[0]).toBe(lasting);
  expect(board.all().at(-1)).toBe(last);
  expect(board.take('answer', 'drafts', undefined)).toBeDefined();
});
