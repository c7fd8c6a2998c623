import type { Output } from './output.mts';

export interface PhaseControl {
  /** What is going on, shown beside the name; the last one stays. */
  detail(text: string): void;
}

/** The steps of a start, each with its seconds. */
export class Phases {
  readonly seconds: Record<string, number> = {};
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Runs a phase and shows how long it took. */
  async run<Result>(name: string, work: (phase: PhaseControl) => Promise<Result>): Promise<Result> {
    const startedAt = performance.now();
    const elapsed = () => (performance.now() - startedAt) / 1000;
    let detail = '';
    const show = () => this.#output.sayInPlace(line(name, elapsed(), detail));
    const ticker = setInterval(show, 100);
    try {
      const result = await work({
        detail: (text) => {
          detail = text;
        },
      });
      this.record(name, elapsed(), detail);
      return result;
    } catch (error) {
      this.#output.sayInPlace('');
      throw error;
    } finally {
      clearInterval(ticker);
    }
  }

  /** A phase that somebody else has run. */
  record(name: string, seconds: number, detail = ''): void {
    this.seconds[name] = Math.round(seconds * 1000) / 1000;
    this.#output.sayInPlace('');
    this.#output.say(line(name, seconds, detail));
    if (this.#output.format === 'json')
      this.#output.log('info', 'phase done', { phase: name, seconds: this.seconds[name], detail });
  }
}

function line(name: string, seconds: number, detail: string): string {
  return `  ${name.padEnd(10)} ${seconds.toFixed(1).padStart(5)} s  ${detail}`.trimEnd();
}
