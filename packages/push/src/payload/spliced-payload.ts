import { randomUUID } from 'node:crypto';

/**
 * A payload encoded once for a whole batch, with a hole for each value that differs per device. Writing one
 * device's payload is copying bytes; nothing is stringified.
 */
export interface SplicedPayload {
  /** Bytes without the holes' values. */
  readonly fixedBytes: number;
  /** Writes the payload with `values[i]` in hole i; returns the number of bytes. Values are ASCII. */
  write(values: readonly string[], target: Buffer, offset: number): number;
}

/** Cannot occur in JSON text, where control characters are escaped (RFC 8259 §7). */
const MARK = '\u001f';

/** Cuts a text with holes 0, 1, 2 … in ascending order. */
function splicePayload(text: string): SplicedPayload {
  const pieces: Buffer[] = [];
  const order: number[] = [];
  for (const [index, part] of text.split(MARK).entries()) {
    if (index % 2 === 0) pieces.push(Buffer.from(part));
    else order.push(Number(part));
  }
  return {
    fixedBytes: pieces.reduce((sum, piece) => sum + piece.length, 0),
    write(values, target, offset) {
      let at = offset;
      for (let index = 0; index < pieces.length; index++) {
        const piece = pieces[index] as Buffer;
        at += piece.copy(target, at);
        const value = values[order[index] ?? -1];
        if (value !== undefined) at += target.write(value, at, 'latin1');
      }
      return at - offset;
    },
  };
}

export type Hole = (index: number, kind: 'text' | 'number') => string;

/**
 * Encodes what `build` makes and cuts it. `build` puts `hole(0, 'text')`, `hole(1, 'number')` … where the values
 * go, in the order of the text. The holes' names are random, so that nobody's text can be taken for one.
 */
export function spliceJson(build: (hole: Hole) => unknown): SplicedPayload {
  const nonce = randomUUID();
  const text = JSON.stringify(build((index, kind) => `${nonce}:${index}:${kind}`));
  const names = new RegExp(`"${nonce}:(\\d+):(text|number)"`, 'g');
  return splicePayload(
    text.replace(names, (_all, index: string, kind: string) => {
      const mark = `${MARK}${index}${MARK}`;
      return kind === 'text' ? `"${mark}"` : mark;
    }),
  );
}
