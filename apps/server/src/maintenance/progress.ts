/** Says on a terminal how far a long work is, in one line that is overwritten; elsewhere says only what matters. */
export interface Progress {
  /** Shown on a terminal only. */
  show(line: string): void;
  /** Written always, as a line that stays. */
  say(line: string): void;
  end(): void;
}

const CLEAR = '\r\u001b[K';

export function createProgress(output: NodeJS.WriteStream): Progress {
  let isShown = false;
  const end = () => {
    if (isShown) output.write(CLEAR);
    isShown = false;
  };
  return {
    show(line) {
      if (!output.isTTY) return;
      output.write(`${CLEAR}${line}`);
      isShown = true;
    },
    say(line) {
      end();
      output.write(`${line}\n`);
    },
    end,
  };
}
