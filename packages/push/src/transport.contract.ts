/** One suite, run by every transport, over both HTTP/2 clients where it uses one. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outcomesOf, sampleBatch, sampleNotification } from '../testing/batch.ts';
import type { Outcome } from './outcome.ts';
import type { Transport } from './transport.ts';

/** What one device was given with a notification. */
export interface Arrival {
  /** Null when the payload carries none. */
  readonly badge: number | null;
  readonly receiptToken: string;
}

export interface ContractPeer {
  readonly transport: Transport;
  /** How often an address was accepted. */
  accepted(address: string): number;
  /** Identities under which the address would have shown it on the screen. */
  identities(address: string): readonly string[];
  /** What arrived at the address, oldest first; left out by a peer that cannot look into its messages. */
  arrivals?(address: string): readonly Arrival[];
  /** From now on the provider takes requests and answers none. */
  stall?(): void;
  /** Makes the provider answer for one address. */
  answer(address: string, kind: 'gone' | 'refused' | 'retry'): void;
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

export interface ContractOptions {
  readonly name: string;
  /** A valid address, different for each number. */
  address(index: number): string;
  start(): Promise<ContractPeer>;
}

export function runTransportContract(options: ContractOptions): void {
  describe(`${options.name} keeps the contract of a transport`, () => {
    let peer: ContractPeer;
    beforeEach(async () => {
      peer = await options.start();
      await peer.transport.open();
    });
    afterEach(async () => {
      await peer.transport.close();
      await peer.stop();
    });
    const addresses = (count: number, from = 0) =>
      Array.from({ length: count }, (_, index) => options.address(from + index));

    it('answers each of 3000 devices once, and the provider has each once', async () => {
      const batch = addresses(3_000);
      const outcomes = await outcomesOf(peer.transport, sampleBatch(batch));
      expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['accepted']));
      expect(batch.filter((address) => peer.accepted(address) !== 1)).toEqual([]);
    });

    it('gives every device its own outcome', async () => {
      const [fine = '', dead = '', unwanted = '', later = ''] = addresses(4);
      peer.answer(dead, 'gone');
      peer.answer(unwanted, 'refused');
      peer.answer(later, 'retry');
      // Something good first, so that nobody takes the refusals for a wrong set-up.
      await outcomesOf(peer.transport, sampleBatch([fine]));
      const outcomes = await outcomesOf(peer.transport, sampleBatch([dead, fine, unwanted, later]));
      expect(outcomes.map(({ kind }) => kind)).toEqual(['gone', 'accepted', 'refused', 'retry']);
    });

    it('gives every device its own receipt token and badge', async ({ skip }) => {
      const { arrivals } = peer;
      if (!arrivals) return skip('the peer cannot look into its messages');
      const batch = addresses(50);
      await outcomesOf(peer.transport, sampleBatch(batch));
      const carriesBadge = arrivals(batch[0] ?? '')[0]?.badge !== null;
      batch.forEach((address, index) => {
        const badge = carriesBadge ? index + 1 : null;
        expect(arrivals(address)).toEqual([{ badge, receiptToken: `r${index + 1}` }]);
      });
    });

    it('answers the rest "later" when it is closed', async ({ skip }) => {
      if (!peer.stall) return skip('the peer cannot stall');
      peer.stall();
      const answers: Outcome[] = [];
      const sending = peer.transport.send(sampleBatch(addresses(20)), (index, outcome) => {
        expect(answers[index]).toBeUndefined();
        answers[index] = outcome;
      });
      await peer.transport.close();
      await sending;
      expect(answers.map(({ kind }) => kind)).toEqual(Array(20).fill('retry'));
    });

    it('repeats a delivery under the same identity', async () => {
      const batch = sampleBatch(addresses(3));
      await outcomesOf(peer.transport, batch);
      await outcomesOf(peer.transport, batch);
      for (const address of batch.addresses) {
        expect(peer.accepted(address)).toBe(2);
        expect(peer.identities(address)).toHaveLength(1);
      }
    });

    it('overrides object not mutated between devices: the batch is as it was given', async () => {
      const batch = sampleBatch(addresses(20));
      const before = structuredClone(batch);
      await outcomesOf(peer.transport, batch);
      expect(batch).toEqual(before);
    });

    it('keeps several batches apart', async () => {
      const batches = [0, 1, 2].map((number) =>
        sampleBatch(
          addresses(200, number * 1_000),
          sampleNotification({ id: number + 1, title: `N${number}` }),
        ),
      );
      const outcomes = await Promise.all(batches.map((batch) => outcomesOf(peer.transport, batch)));
      expect(outcomes.flat().filter(({ kind }) => kind !== 'accepted')).toEqual([]);
      const counts = batches.flatMap((batch) => batch.addresses.map((address) => peer.accepted(address)));
      expect(counts.filter((count) => count !== 1)).toEqual([]);
    });

    it('answers "later" while the provider is away, keeps every address, and recovers', async () => {
      const [address = ''] = addresses(1);
      await outcomesOf(peer.transport, sampleBatch([address]));
      await peer.down();
      const away = await outcomesOf(peer.transport, sampleBatch(addresses(5)));
      expect(away.map(({ kind }) => kind)).toEqual(Array(5).fill('retry'));
      await peer.up();
      await expect
        .poll(async () => (await outcomesOf(peer.transport, sampleBatch([address])))[0]?.kind, {
          timeout: 20_000,
          interval: 200,
        })
        .toBe('accepted');
    });

    it('answers nobody for an empty batch', async () => {
      expect(await outcomesOf(peer.transport, sampleBatch([]))).toEqual([]);
    });
  });
}
