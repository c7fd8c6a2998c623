/** A part of the bench in a process of its own: it is asked over its channel, one question after another, and goes when the bench goes. */
import { fork } from 'node:child_process';
import path from 'node:path';

export interface Child<Asked, Answered> {
  pid: number;
  ask<Question extends keyof Asked & keyof Answered & string>(
    question: Question,
    details: Asked[Question],
  ): Promise<Answered[Question]>;
  stop(): Promise<void>;
}

interface Answer {
  error?: string;
  value: unknown;
}

export function startChild<Asked, Answered>(file: string): Child<Asked, Answered> {
  const child = fork(path.join(import.meta.dirname, file), { serialization: 'advanced' });
  const exit = new Promise<Answer>((resolve) => {
    child.once('exit', (code, signal) => resolve({ error: `${file} ended (${signal ?? code})`, value: undefined }));
  });
  return {
    pid: child.pid ?? 0,
    async ask(question, details) {
      const answer = new Promise<Answer>((resolve) => child.once('message', (message) => resolve(message as Answer)));
      child.send({ question, details });
      const { error, value } = await Promise.race([answer, exit]);
      if (error !== undefined) throw new Error(error);
      // The other side answers by the same two types.
      return value as never;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await exit;
    },
  };
}

/** The other side: answers until the bench is gone. */
export function serve<Asked, Answered>(
  answers: {
    [Question in keyof Asked & keyof Answered]: (
      details: Asked[Question],
    ) => Promise<Answered[Question]> | Answered[Question];
  },
): void {
  process.on('disconnect', () => process.exit(0));
  process.on('message', async (message) => {
    const { question, details } = message as { question: keyof Asked & keyof Answered; details: never };
    const answer: Answer = await Promise.resolve()
      .then(() => answers[question](details))
      .then(
        (value) => ({ value }),
        (error: Error) => ({ error: error.stack ?? String(error), value: undefined }),
      );
    process.send?.(answer);
  });
}

/** Milliseconds of the clock that all processes of a machine share. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
