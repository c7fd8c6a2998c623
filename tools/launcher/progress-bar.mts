const widthChars = 40;

/** Progress on the terminal in place; where there is no terminal, a line whenever it has changed. */
export class ProgressBar {
  #lastLine = '';

  show(percent: number, word: string): void {
    const filled = Math.round((Math.min(100, Math.max(0, percent)) / 100) * widthChars);
    const bar = '█'.repeat(filled) + '░'.repeat(widthChars - filled);
    const line = `${bar} ${String(Math.round(percent)).padStart(3)} %  ${word}`;
    if (line === this.#lastLine) return;
    this.#lastLine = line;
    process.stdout.write(process.stdout.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
  }

  end(word: string): void {
    this.show(100, word);
    if (process.stdout.isTTY) process.stdout.write('\n');
  }
}
