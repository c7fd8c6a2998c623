/** Milliseconds since 1970. Everything that happens over time asks this, so that a test can move time itself. */
export type Clock = () => number;
