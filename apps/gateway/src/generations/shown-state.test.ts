import { shownState } from './shown-state.js';

test('what has begun is never shown as waiting again', () => {
  const startedAt = new Date();
  expect(shownState({ state: 'queued', startedAt: null })).toBe('queued');
  expect(shownState({ state: 'queued', startedAt })).toBe('running');
  for (const state of ['running', 'succeeded', 'failed', 'cancelled'] as const) {
    expect(shownState({ state, startedAt })).toBe(state);
  }
});
