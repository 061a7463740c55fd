import { refused } from './outcome.ts';
import type { Batch, OnOutcome } from './transport.ts';

/** Indices of the addresses that can be sent to; the others are answered, so that none breaks out of its path or text. */
export function usableAddresses(
  { addresses }: Batch,
  check: (address: string) => string | null,
  onOutcome: OnOutcome,
): number[] {
  const usable: number[] = [];
  for (let index = 0; index < addresses.length; index++) {
    const problem = check(addresses[index] ?? '');
    if (problem === null) usable.push(index);
    else onOutcome(index, refused(problem));
  }
  return usable;
}

/** Length of the longest receipt token of a batch, bytes; they are ASCII. */
export function longestReceipt({ receiptTokens }: Batch): number {
  let longest = 0;
  for (const token of receiptTokens) if (token.length > longest) longest = token.length;
  return longest;
}
