/** Receipts leave in the order they were made, and survive a network that is away. */
export type ReceiptEvent = 'received' | 'displayed' | 'opened' | 'dismissed';

export interface Receipt {
  readonly token: string;
  readonly event: ReceiptEvent;
  /** ms since the epoch. */
  readonly at: number;
}

export interface KeptReceipt extends Receipt {
  readonly key: number;
}

export interface ReceiptStore {
  add(receipt: Receipt): Promise<void>;
  /** Oldest first. */
  all(): Promise<readonly KeptReceipt[]>;
  remove(key: number): Promise<void>;
}

/** `again` is worth another attempt; `refused` never will be taken. */
export type PostResult = 'taken' | 'refused' | 'again';

export interface ReceiptQueue {
  /** Keeps the receipt, so that it is sent with the next replay. Nothing without a token. */
  keep(token: string, event: ReceiptEvent): Promise<void>;
  /** Sends what is kept, until the first that must wait. */
  replay(): Promise<void>;
}

export interface ReceiptQueueOptions {
  readonly store: ReceiptStore;
  readonly post: (receipt: Receipt) => Promise<PostResult>;
  /** ms since the epoch. */
  readonly clock: () => number;
}

/** After this long nobody waits for the receipt any more. */
const WORTH_SENDING_MS = 7 * 24 * 3_600_000;

export function createReceiptQueue({ store, post, clock }: ReceiptQueueOptions): ReceiptQueue {
  let sending: Promise<void> = Promise.resolve();

  const sendKept = async () => {
    for (const receipt of await store.all()) {
      const isWorthSending = clock() - receipt.at < WORTH_SENDING_MS;
      if (isWorthSending && (await post(receipt)) === 'again') return;
      await store.remove(receipt.key);
    }
  };

  return {
    async keep(token, event) {
      if (token !== '') await store.add({ token, event, at: clock() });
    },
    replay() {
      // One at a time: two replays of the same receipts would send them twice.
      sending = sending.then(sendKept, sendKept);
      return sending;
    },
  };
}
