/**
 * What a provider answered for one delivery. A provider's "no" is a value of this closed union,
 * never an exception; only a programming error throws.
 *
 * - `accepted`: the provider took it.
 * - `gone`: the address is dead. Remove it if it was registered before `since` (ms epoch; `null` = always).
 * - `refused`: this delivery will never be taken; the address stays.
 * - `retry`: try again after `afterMs` (`null` = the caller's own back-off). With `scope: 'provider'` the
 *   fault is not the device's: park the whole provider, keep every address.
 */
export type Outcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'gone'; readonly reason: string; readonly since: number | null }
  | { readonly kind: 'refused'; readonly reason: string }
  | {
      readonly kind: 'retry';
      readonly reason: string;
      readonly afterMs: number | null;
      readonly scope: 'device' | 'provider';
    };

/** The one `accepted` there is: shared, so that the common case allocates nothing. */
export const ACCEPTED: Outcome = Object.freeze({ kind: 'accepted' });

export function gone(reason: string, since: number | null = null): Outcome {
  return { kind: 'gone', reason, since };
}

export function refused(reason: string): Outcome {
  return { kind: 'refused', reason };
}

export function retry(
  reason: string,
  afterMs: number | null = null,
  scope: 'device' | 'provider' = 'device',
): Outcome {
  return { kind: 'retry', reason, afterMs, scope };
}
