/** What the launcher does when it is asked to end. */
export interface Interruption {
  /** The first time. */
  end: (reason: string) => void;
  /** A person who presses Ctrl-C again wants out now. */
  endNow: () => void;
}

/** A terminal, npm and the bootstrap may each pass on the same Ctrl-C: only a later one counts as a second. */
const sameKeyPressMs = 500;

/** Listens to signals, and to the channel that the bootstrap keeps open as long as it lives. */
export function listenForInterruption({ end, endNow }: Interruption): void {
  let firstAt: number | undefined;
  const interrupt = (reason: string) => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      end(reason);
    } else if (reason !== 'SIGHUP' && performance.now() - firstAt > sameKeyPressMs) {
      endNow();
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt(signal));
  if (process.channel) {
    process.once('disconnect', () => {
      if (firstAt === undefined) interrupt('the process that started it is gone');
    });
  }
}
