/** ms of encryption after which sockets, timers and other work get their turn. */
const TURN_MS = 4;

interface Piece {
  readonly work: () => void;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Shares the processor between everybody who encrypts: pieces of work run in the order they came, and never for
 * longer than a few ms before the event loop moves on. `performance.now` measures work done, not the time of day.
 */
export class Pacer {
  private readonly pieces: Piece[] = [];
  private scheduled = false;

  /** Resolves when `work` has run; rejects with what it threw. */
  run(work: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.pieces.push({ work, done: resolve, failed: reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.turn());
  }

  private turn(): void {
    this.scheduled = false;
    const until = performance.now() + TURN_MS;
    for (let piece = this.pieces.shift(); piece !== undefined; piece = this.pieces.shift()) {
      try {
        piece.work();
        piece.done();
      } catch (error) {
        piece.failed(error);
      }
      if (performance.now() >= until) break;
    }
    if (this.pieces.length > 0) this.schedule();
  }
}
