import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeServer, startFakeServer } from '../../test/fake-server.ts';
import { postReceipt } from './post-receipt.ts';
import { createReceiptQueue, type KeptReceipt, type ReceiptStore } from './receipt-queue.ts';

const DAY_MS = 24 * 3_600_000;
let server: FakeServer;
let kept: KeptReceipt[];
let now: number;
beforeEach(async () => {
  server = await startFakeServer();
  kept = [];
  now = Date.parse('2026-01-01T00:00:00Z');
});
afterEach(() => server.close());

let lastKey = 0;
const store: ReceiptStore = {
  add: async (receipt) => {
    lastKey += 1;
    kept.push({ ...receipt, key: lastKey });
  },
  all: async () => [...kept],
  remove: async (key) => {
    kept = kept.filter((receipt) => receipt.key !== key);
  },
};
const queue = () =>
  createReceiptQueue({ store, post: (receipt) => postReceipt(server.origin, receipt), clock: () => now });

test('receipts are sent in their order, and then forgotten', async () => {
  const receipts = queue();
  await receipts.keep('t', 'received');
  await receipts.keep('t', 'displayed');
  await receipts.replay();
  expect(server.receipts).toEqual([
    { token: 't', event: 'received' },
    { token: 't', event: 'displayed' },
  ]);
  expect(kept).toEqual([]);
});

test('a push without a token asks for no receipt', async () => {
  await queue().keep('', 'received');
  expect(kept).toEqual([]);
});

test('a receipt survives a server that is away and a worker that was ended', async () => {
  server.failWith = 'no-answer';
  const before = queue();
  await before.keep('t', 'opened');
  await before.replay();
  expect(kept).toHaveLength(1);
  server.failWith = { status: 503, code: 'busy' };
  await queue().replay();
  expect(kept).toHaveLength(1);
  server.failWith = null;
  await queue().replay();
  expect(server.receipts).toEqual([{ token: 't', event: 'opened' }]);
  expect(kept).toEqual([]);
});

test('a receipt the server will never take does not block the ones behind it', async () => {
  server.failWith = { status: 403, code: 'unknown-receipt-token' };
  const receipts = queue();
  await receipts.keep('bad', 'opened');
  await receipts.replay();
  expect(kept).toEqual([]);
});

test('too many requests is no last word', async () => {
  server.failWith = { status: 429, code: 'busy' };
  const receipts = queue();
  await receipts.keep('t', 'opened');
  await receipts.replay();
  expect(kept).toHaveLength(1);
});

test('a receipt of last week is not sent any more', async () => {
  const receipts = queue();
  await receipts.keep('t', 'opened');
  now += 7 * DAY_MS;
  await receipts.replay();
  expect(server.receipts).toEqual([]);
  expect(kept).toEqual([]);
});

test('two replays at once send each receipt once', async () => {
  const receipts = queue();
  await receipts.keep('t', 'received');
  await Promise.all([receipts.replay(), receipts.replay()]);
  expect(server.receipts).toHaveLength(1);
});
