/** Loaded before each file of the end-to-end tests: no answer of theirs goes unjudged, by whichever client it was asked for. */
import { judgedFetch } from './judged-fetch.js';

globalThis.fetch = judgedFetch;
