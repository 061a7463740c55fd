import type { Failure, Http2Client } from './http2/index.ts';
import { retry } from './outcome.ts';
import type { OnOutcome } from './transport.ts';

/**
 * Requests that got no answer. What may have been processed is this device's to repeat, with the same identity. What
 * certainly was not waits for the end of the batch, where one look at the connection tells whose fault it was: a
 * refused stream is bad luck, a provider that takes no connection is away for everybody.
 */
export class Unsent {
  private readonly indices: number[] = [];
  private reason = '';

  add(index: number, { certainty, reason }: Failure, onOutcome: OnOutcome): void {
    if (certainty === 'unknown') {
      onOutcome(index, retry(reason));
      return;
    }
    this.indices.push(index);
    this.reason = reason;
  }

  async answer(client: Http2Client, onOutcome: OnOutcome): Promise<void> {
    if (this.indices.length === 0) return;
    const outcome = await client.connect().then(
      () => retry(this.reason),
      (error: Error) => retry(error.message, null, 'provider'),
    );
    for (const index of this.indices.splice(0)) onOutcome(index, outcome);
  }
}
