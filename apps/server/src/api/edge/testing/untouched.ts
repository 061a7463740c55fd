import { expect } from 'vitest';
import type { V3Server } from '../../../../test/v3-server.ts';

/** Whatever was sent: nothing was stored, nothing counts as a failure of ours, and the server still works. */
export async function expectUntouched(server: V3Server, before: Record<string, number>): Promise<void> {
  expect(await server.rowCounts()).toEqual(before);
  expect(server.logged).toEqual([]);
  expect((await server.request('GET', '/-/health')).status).toBe(200);
}
