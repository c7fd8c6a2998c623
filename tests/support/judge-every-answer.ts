/** Loaded before each file of the tests of the whole stack: no answer of theirs goes unjudged, by whichever client it was asked for. */
import { judgedFetch } from './judged-fetch.js';

globalThis.fetch = judgedFetch;
