/**
 * Follows `/api/v3/stream` for as long as it is wanted. `EventSource` cannot tell why it was refused, so this reads
 * the stream with fetch, and reconnects with growing pauses.
 */
import { type FailureCode, toFailure } from './failure.ts';
import { createSseParser, type StreamEvent } from './sse-parser.ts';

export interface StreamOptions {
  readonly origin: string;
  /** Null in a browser: its login is a cookie that no script can read. */
  readonly token: string | null;
  /** The stream is open; called again after each reconnect. */
  readonly onOpen: () => void;
  /** Events that arrived together, so that a flood costs one update of the screen, not one per event. */
  readonly onEvents: (events: readonly StreamEvent[]) => void;
  /** The connection is gone; the next attempt follows by itself. */
  readonly onLost: () => void;
  readonly onTokenRefused: (code: FailureCode) => void;
  /** From 0 up to 1. */
  readonly random: () => number;
}

export interface Stream {
  /** Tries again at once instead of waiting out the pause. */
  retryNow(): void;
  stop(): void;
}

/** The server says something every 15 s; after three times that the connection is dead. */
const SILENCE_MS = 45_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

export function followStream(options: StreamOptions): Stream {
  const stopped = new AbortController();
  let lastId: string | null = null;
  let endPause: (() => void) | null = null;

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const run = async () => {
    let pauseMs = FIRST_PAUSE_MS;
    while (!stopped.signal.aborted) {
      const opened = await followOnce(options, stopped.signal, lastId, (id) => {
        lastId = id;
      });
      if (stopped.signal.aborted) return;
      options.onLost();
      pauseMs = opened ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      await pause(pauseMs * (0.5 + options.random() / 2));
    }
  };
  void run();

  return {
    retryNow: () => endPause?.(),
    stop: () => {
      stopped.abort();
      endPause?.();
    },
  };
}

/** One connection, from request to end. Resolves with whether it ever opened; a broken connection is an end. */
async function followOnce(
  { origin, token, onOpen, onEvents, onTokenRefused }: StreamOptions,
  stopped: AbortSignal,
  lastId: string | null,
  onId: (id: string) => void,
): Promise<boolean> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  let opened = false;
  try {
    const response = await fetch(`${origin}/api/v3/stream`, {
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(lastId !== null && { 'last-event-id': lastId }),
      },
      signal: AbortSignal.any([stopped, silence.signal]),
    });
    if (!response.ok) {
      const { code } = await toFailure(response);
      if (code === 'not-authenticated' || code === 'inactive-user') onTokenRefused(code);
      return false;
    }
    opened = true;
    onOpen();
    const parse = createSseParser();
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      const events = parse(piece.value);
      const newest = events.findLast(({ id }) => id !== null)?.id;
      if (newest) onId(newest);
      if (events.length > 0) onEvents(events);
    }
  } catch {
    return opened;
  } finally {
    clearTimeout(timer);
  }
  return opened;
}
