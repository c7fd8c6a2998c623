/** Waits for a condition up to a deadline, so that no test sleeps for a guessed time. */

export interface WaitOptions {
  timeoutMs: number;
  intervalMs?: number;
  /** What was waited for, for the message of the failure. */
  describe?: string | (() => string);
}

/** Resolves when the condition is true; an error thrown by the condition ends the wait. */
export async function waitFor(condition: () => boolean | Promise<boolean>, options: WaitOptions): Promise<void> {
  const deadline = performance.now() + options.timeoutMs;
  while (!(await condition())) {
    if (performance.now() >= deadline) {
      const what =
        typeof options.describe === 'function' ? options.describe() : (options.describe ?? condition.toString());
      throw new Error(`waited ${options.timeoutMs} ms in vain for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs ?? 50));
  }
}
