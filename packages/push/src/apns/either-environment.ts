/** Devices that do not say of which environment their token is: Notify's phones, and apps that forgot. */
import { type Outcome, refused } from '../outcome.ts';
import { partOf } from '../part.ts';
import type { Batch, OnOutcome, Transport } from '../transport.ts';
import { BAD_DEVICE_TOKEN } from './config.ts';

/**
 * Sends to `first`, and what it calls bad tokens once to `second`. A token that both call bad is kept: nobody told us
 * where it is from. `onLearnt` gets the numbers of the devices that `second` took; they are of its environment. The
 * two transports are opened and closed by their owner.
 */
export function eitherEnvironment(
  first: Transport,
  second: Transport,
  onLearnt: (deviceIds: number[]) => void,
): Transport {
  return {
    kind: 'apns',
    checkAddress: (device) => first.checkAddress(device),
    open: () => Promise.resolve(),
    close: () => Promise.resolve(),
    async send(batch, onOutcome) {
      // Whatever a caller says: here nobody loses an address to the wrong environment.
      const unknown: Batch = batch.environment === '' ? batch : { ...batch, environment: '' };
      const others: number[] = [];
      await first.send(unknown, (index, outcome, providerId) => {
        if (isBadToken(outcome)) others.push(index);
        else onOutcome(index, outcome, providerId);
      });
      if (others.length > 0) await trySecond(second, unknown, others, onOutcome, onLearnt);
    },
  };
}

async function trySecond(
  second: Transport,
  batch: Batch,
  indices: readonly number[],
  onOutcome: OnOutcome,
  onLearnt: (deviceIds: number[]) => void,
): Promise<void> {
  const learnt: number[] = [];
  await second.send(partOf(batch, indices), (position, outcome, providerId) => {
    const index = indices[position] ?? -1;
    if (outcome.kind === 'accepted') learnt.push(batch.deviceIds[index] ?? 0);
    // Apple has answered already. A second environment that is closed to us (a key of one environment, a firewall)
    // must not make every dead token come again and again.
    const isAway = outcome.kind === 'retry' && outcome.scope === 'provider';
    onOutcome(index, isAway ? refused(BAD_DEVICE_TOKEN) : outcome, providerId);
  });
  if (learnt.length > 0) onLearnt(learnt);
}

function isBadToken(outcome: Outcome): boolean {
  return outcome.kind === 'refused' && outcome.reason === BAD_DEVICE_TOKEN;
}
