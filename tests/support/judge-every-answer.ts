/** Loaded before each file of the tests of the whole stack: no answer of theirs goes unjudged, by whichever client it was asked for. */
import { judgedFetch, unfitAnswers } from './judged-fetch.js';

globalThis.fetch = judgedFetch;

afterAll(() => {
  expect(unfitAnswers).toEqual([]);
});
