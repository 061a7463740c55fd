import { createSealer, keyOf, type Sealer } from '../src/lib/sealer.ts';

/** With a key of its own that every test knows. */
export function testSealer(): Sealer {
  const keys = [keyOf(Buffer.alloc(32, 3))];
  return createSealer(() => keys);
}
