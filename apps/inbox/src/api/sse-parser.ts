/** One event of a server-sent event stream (WHATWG HTML §9.2.6). */
export interface StreamEvent {
  readonly id: string | null;
  readonly type: string;
  readonly data: string;
}

/**
 * Returns the function that turns pieces of the stream into events, however the pieces are cut. Comments and
 * events without data yield nothing; an unfinished event waits for the next piece.
 */
export function createSseParser(): (piece: string) => StreamEvent[] {
  let rest = '';
  let id: string | null = null;
  let type = '';
  let data: string[] = [];

  const take = (line: string): StreamEvent | null => {
    if (line === '') {
      const event = data.length > 0 ? { id, type: type || 'message', data: data.join('\n') } : null;
      type = '';
      data = [];
      return event;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id' && !value.includes('\0')) id = value;
    if (field === 'event') type = value;
    if (field === 'data') data.push(value);
    return null;
  };

  return (piece) => {
    rest += piece;
    // A CR at the very end may be the first half of CRLF: it waits for what follows.
    const complete = rest.endsWith('\r') ? rest.slice(0, -1) : rest;
    const lines = complete.split(/\r\n|\n|\r/);
    rest = (lines.pop() ?? '') + (rest.endsWith('\r') ? '\r' : '');
    return lines.map(take).filter((event) => event !== null);
  };
}
