import { createRates, type Rates, type RatesOptions } from '../src/lib/rates.ts';

/** The rates of one node; without more said there are no limits and nothing is exchanged. */
export function testRates(
  given: Partial<Omit<RatesOptions, 'limits'>> & { limits?: Partial<Rates['limits']> } = {},
): Rates {
  return createRates({
    clock: Date.now,
    exchange: async () => [],
    onError: () => undefined,
    ...given,
    limits: { address: 0, user: 0, key: 0, ...given.limits },
  });
}
