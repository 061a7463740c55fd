import { type Outcome, retry } from '../outcome.ts';
import type { Failure } from './client.ts';

/**
 * A request without an answer is tried again with the same identity, so that a repeat replaces. What never reached
 * the server failed because of the provider as a whole: it is parked.
 */
export function failureOutcome(failure: Failure): Outcome {
  return retry(failure.reason, null, failure.certainty === 'unprocessed' ? 'provider' : 'device');
}
