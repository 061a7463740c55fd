/** What stands in the audit log. */

/** Where a request comes from. */
export interface Place {
  /** The client's address, proxies already looked through; '' for the server itself. */
  readonly address: string;
  readonly requestId: string | null;
}

/** Who did it, and from where. */
export interface Actor extends Place {
  readonly kind: 'user' | 'key' | 'system' | 'anonymous';
  /** The user; of a key its person, if it has one. */
  readonly id: number | null;
  readonly name: string;
}

export const SYSTEM: Actor = { kind: 'system', id: null, name: '', address: '', requestId: null };

export const nobodyAt = ({ address, requestId }: Place): Actor => ({
  kind: 'anonymous',
  id: null,
  name: '',
  address,
  requestId,
});

export const personAt = (
  { id, username }: { readonly id: number; readonly username: string },
  { address, requestId }: Place,
): Actor => ({ kind: 'user', id, name: username, address, requestId });

/** What was done to what. Secrets never stand in `before` and `after`, only that they changed, or a fingerprint. */
export interface Change {
  /** `noun.verb`: user.create, service.change, key.rotate … */
  readonly action: string;
  readonly subject: string;
  readonly subjectId?: string | undefined;
  readonly subjectName?: string | undefined;
  readonly before?: object | undefined;
  readonly after?: object | undefined;
}

/** What was tried and not allowed; `detail` says why, never with the secret that was shown. */
export interface Refusal extends Change {
  readonly detail: string;
}

/** Only the fields that differ, on both sides. */
export function difference<Row extends object>(
  before: Row,
  after: Row,
): { readonly before: Partial<Row>; readonly after: Partial<Row> } {
  const names = (Object.keys(after) as (keyof Row)[]).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  const pick = (row: Row) => Object.fromEntries(names.map((name) => [name, row[name]])) as Partial<Row>;
  return { before: pick(before), after: pick(after) };
}
