import { type Outcome, refused } from './outcome.ts';
import type { OnOutcome } from './transport.ts';

/** An answer that is given for a dead address and for a wrong set-up of ours alike. */
export interface Suspect {
  readonly index: number;
  readonly reason: string;
  /** What it means of a single device, once the set-up is known to be right. */
  readonly alone: Outcome;
  /** What it means of many, while nothing was ever taken. */
  readonly together: Outcome;
}

/** So many, and so large a part of a batch, are no accident of single devices. */
const MANY = 20;
const LARGE_PART = 0.2;

/**
 * Answers the suspects of a batch of `size`. `proven`: the provider has taken something of ours, so that the set-up is
 * right. Where that and the numbers do not agree the delivery is refused, and costs neither an address nor anybody time.
 */
export function judge(
  suspects: readonly Suspect[],
  size: number,
  proven: boolean,
  onOutcome: OnOutcome,
): void {
  const many = suspects.length >= MANY && suspects.length > size * LARGE_PART;
  for (const { index, reason, alone, together } of suspects) {
    if (proven && !many) onOutcome(index, alone);
    else onOutcome(index, !proven && many ? together : refused(reason));
  }
}
