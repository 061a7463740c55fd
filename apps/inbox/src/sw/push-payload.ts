/** What the server pushes to this worker, read without trust: a push that cannot be read is still shown. */
export interface PushAction {
  readonly id: string;
  readonly title: string;
  readonly url: string;
}

export interface PushPayload {
  /** 0 when there is no message to open. */
  readonly id: number;
  readonly title: string;
  readonly subtitle: string;
  readonly body: string;
  readonly serviceName: string;
  readonly priority: string;
  /** Number of unread messages, or null when the server did not say. */
  readonly badge: number | null;
  /** Authorises receipts for this delivery; empty when none are wanted. */
  readonly receipt: string;
  readonly tag: string;
  /** ms since the epoch. */
  readonly timestamp: number;
  readonly actions: readonly PushAction[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Null when `json` is not an object with a title or an id. `now` in ms stands in for a missing timestamp. */
export function parsePush(json: string, now: number): PushPayload | null {
  const fields = parseObject(json);
  if (!fields) return null;
  const id = wholeNumber(fields.id) ?? 0;
  const title = text(fields.title);
  if (id === 0 && title === '') return null;
  return {
    id,
    title,
    subtitle: text(fields.subtitle),
    body: text(fields.body),
    serviceName: text(fields.serviceName),
    priority: text(fields.priority),
    badge: wholeNumber(fields.badge),
    receipt: text(fields.receipt),
    tag: text(fields.tag) || text(fields.uuid) || `message-${id}`,
    timestamp: wholeNumber(fields.timestamp) ?? now,
    actions: Array.isArray(fields.actions) ? fields.actions.flatMap(parseAction) : [],
  };
}

function parseAction(value: unknown): PushAction[] {
  if (!isObject(value)) return [];
  const action = { id: text(value.id), title: text(value.title), url: text(value.url) };
  return action.id && action.title ? [action] : [];
}

function parseObject(json: string): Fields | null {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function wholeNumber(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
