/** A reader of `/api/v3/stream`. */
import type { InboxItem } from '@tocsin/contract';

export interface Streamed {
  readonly event: string;
  readonly id: string | null;
  readonly data: InboxItem;
}

export interface EventStream {
  readonly response: Response;
  readonly events: readonly Streamed[];
  /** Everything that came, comments too. */
  text(): string;
  /** Resolves as soon as it is so; looks whenever something came. */
  until(isSo: () => boolean): Promise<void>;
  /** Resolves when the server ended the stream. */
  readonly ended: Promise<void>;
  stop(): void;
}

export async function openStream(origin: string, token: string, lastId?: string): Promise<EventStream> {
  const leave = new AbortController();
  const response = await fetch(`${origin}/api/v3/stream`, {
    headers: { authorization: `Bearer ${token}`, ...(lastId !== undefined && { 'last-event-id': lastId }) },
    signal: leave.signal,
  });
  const events: Streamed[] = [];
  const waiting = new Set<() => void>();
  let text = '';
  const take = (piece: string) => {
    const begun = text.lastIndexOf('\n\n') + 2;
    text += piece;
    for (const frame of text.slice(begun === 1 ? 0 : begun, text.lastIndexOf('\n\n')).split('\n\n'))
      events.push(...parse(frame));
    for (const look of waiting) look();
  };
  const ended = (async () => {
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) take(piece);
  })().catch(() => undefined);
  return {
    response,
    events,
    text: () => text,
    async until(isSo) {
      let look: () => void = () => undefined;
      const so = new Promise<void>((resolve) => {
        look = () => {
          if (isSo()) resolve();
        };
        waiting.add(look);
        look();
      });
      const isDone = await Promise.race([so.then(() => true), ended.then(isSo)]);
      waiting.delete(look);
      if (!isDone) throw new Error('the stream ended before it was so');
    },
    ended,
    stop: () => leave.abort(),
  };
}

function parse(frame: string): Streamed[] {
  // Lines end at \n here; to `.` and `$` a U+2028 would be an end as well.
  const field = (name: string) =>
    frame
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2) ?? null;
  const [event, data] = [field('event'), field('data')];
  if (event === null || data === null) return [];
  return [{ event, id: field('id'), data: JSON.parse(data) as InboxItem }];
}
