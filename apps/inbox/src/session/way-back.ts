/** Signing in at another server leaves this page. What happened there comes back in the address. */
import type { SignInFault } from '../api/types.ts';

type Place = Pick<Location, 'pathname' | 'search'>;

const SIGNED_IN = 'signedIn';
const FAULT = 'signInError';

export interface WayBack {
  /** There is a login in the cookie that this page does not know of yet. */
  readonly isSignedIn: boolean;
  /** As it stands in the address: anybody can have written it. */
  readonly fault: string | null;
}

/** Where the browser goes to sign in, in order to come back to the same screen. */
export function wayOut({ pathname, search }: Place): string {
  const own = new URLSearchParams(search);
  own.delete(FAULT);
  own.set(SIGNED_IN, '');
  return `/api/v3/sign-in/oidc?${new URLSearchParams({ returnTo: `${pathname}?${own}` })}`;
}

export function readWayBack({ search }: Pick<Place, 'search'>): WayBack {
  const said = new URLSearchParams(search);
  return { isSignedIn: said.has(SIGNED_IN), fault: said.get(FAULT) };
}

/** The address without what was said in it. */
export function cleaned({ pathname, search }: Place): string {
  const own = new URLSearchParams(search);
  own.delete(FAULT);
  own.delete(SIGNED_IN);
  return own.size === 0 ? pathname : `${pathname}?${own}`;
}

/** The sentence for it. */
export function faultText(
  fault: string,
  faults: Readonly<Record<SignInFault, string>>,
  other: string,
): string {
  return Object.hasOwn(faults, fault) ? faults[fault as SignInFault] : other;
}
