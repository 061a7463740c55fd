import type { PostResult, Receipt } from './receipt-queue.ts';

const TIMEOUT_MS = 10_000;

/** Sends one receipt. `origin` is empty for the worker's own. A 4xx other than "too many" is the server's last word. */
export async function postReceipt(origin: string, { token, event }: Receipt): Promise<PostResult> {
  try {
    const response = await fetch(`${origin}/api/v3/receipts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, event }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return 'taken';
    const isFinal = response.status < 500 && response.status !== 408 && response.status !== 429;
    return isFinal ? 'refused' : 'again';
  } catch {
    return 'again';
  }
}
