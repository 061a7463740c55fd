/** What a publisher sends to a service: JSON with the fields of API v3, or plain text, which is the title. */
import { PublishNotification } from '@tocsin/contract';
import type { Draft } from '../ingest/draft.ts';

export type ParsedMessage =
  | { readonly kind: 'draft'; readonly draft: Omit<Draft, 'idempotency'> }
  /** A sentence that names the field and its rule. */
  | { readonly kind: 'fault'; readonly reason: string };

/** Silent devices send more than is asked for and could not be told: what is unknown is ignored, unlike over HTTP. */
const Message = PublishNotification.strip();

export function parseMessage(payload: Buffer, serviceId: string, source: string): ParsedMessage {
  const text = decode(payload);
  if (text === null) return { kind: 'fault', reason: 'the payload is not UTF-8' };
  const fields = text.startsWith('{') ? parseObject(text) : { title: text };
  if (fields === null) return { kind: 'fault', reason: 'the payload starts like JSON and is none' };
  if (text === '') return { kind: 'fault', reason: 'title: must not be empty' };
  const parsed = Message.safeParse(fields);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { kind: 'fault', reason: `${issue?.path.join('.')}: ${issue?.message}` };
  }
  const { actions, ...message } = parsed.data;
  const draft = {
    ...message,
    actions: actions.map(({ id, title, url }) => ({ id, title, ...(url && { url }) })),
    serviceId,
    userIds: [],
    deviceIds: [],
    source,
  };
  return { kind: 'draft', draft };
}

function decode(payload: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(payload).trim();
  } catch {
    // The only thing it throws for is what the caller is told.
    return null;
  }
}

export function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    // Not JSON: the caller says so.
    return null;
  }
}
