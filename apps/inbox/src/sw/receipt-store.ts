/** Receipts in IndexedDB: the browser ends a service worker whenever it likes, so nothing may wait in memory. */
import type { KeptReceipt, Receipt, ReceiptStore } from './receipt-queue.ts';

const DATABASE = 'tocsin';
const RECEIPTS = 'receipts';

export function createReceiptStore(factory: IDBFactory): ReceiptStore {
  const run = async <T>(mode: IDBTransactionMode, work: (receipts: IDBObjectStore) => IDBRequest<T>) => {
    const database = await openDatabase(factory);
    try {
      return await answer(work(database.transaction(RECEIPTS, mode).objectStore(RECEIPTS)));
    } finally {
      database.close();
    }
  };
  return {
    add: async (receipt: Receipt) => {
      await run('readwrite', (receipts) => receipts.add(receipt));
    },
    all: () => run<KeptReceipt[]>('readonly', (receipts) => receipts.getAll()),
    remove: (key) => run('readwrite', (receipts) => receipts.delete(key)),
  };
}

function openDatabase(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open(DATABASE, 1);
  request.addEventListener('upgradeneeded', () => {
    request.result.createObjectStore(RECEIPTS, { keyPath: 'key', autoIncrement: true });
  });
  return answer(request);
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error));
  });
}
