import { failureCode } from '../api/failure.ts';
import { registeredDevice } from './push-store.ts';
import { type Unsupported, whyUnsupported } from './push-support.ts';
import { TimedOut } from './settle-within.ts';
import { SubscriptionRefused } from './subscribe.ts';

export type PushProblem = 'timed-out' | 'refused' | 'unreachable' | 'rejected';

export type PushState =
  | { readonly kind: 'unsupported'; readonly why: Unsupported }
  | { readonly kind: 'blocked' }
  | { readonly kind: 'off'; readonly problem: PushProblem | null }
  | { readonly kind: 'working' }
  | { readonly kind: 'on' };

/** The state as far as it is known without waiting, so that the first picture is the right one. */
export function knownPushState(): PushState {
  const why = whyUnsupported();
  if (why) return { kind: 'unsupported', why };
  if (Notification.permission === 'denied') return { kind: 'blocked' };
  const isOn = Notification.permission === 'granted' && registeredDevice() !== null;
  return isOn ? { kind: 'on' } : { kind: 'off', problem: null };
}

/** The state after an attempt to enable that failed. */
export function stateAfterFailure(error: unknown): PushState {
  if (Notification.permission === 'denied') return { kind: 'blocked' };
  return { kind: 'off', problem: problemOf(error) };
}

export function problemOf(error: unknown): PushProblem {
  if (error instanceof TimedOut) return 'timed-out';
  if (error instanceof SubscriptionRefused || error instanceof DOMException) return 'refused';
  const code = failureCode(error);
  return code === 'unreachable' || code === 'busy' ? 'unreachable' : 'rejected';
}
