import { SIGN_IN_FAULTS } from '@tocsin/contract';
import { expect, test } from 'vitest';
import { en } from '../texts/en.ts';
import { cleaned, faultText, readWayBack, wayOut } from './way-back.ts';

test('the way to the provider leads back to the same screen', () => {
  expect(wayOut({ pathname: '/messages/7', search: '' })).toBe(
    '/api/v3/sign-in/oidc?returnTo=%2Fmessages%2F7%3FsignedIn%3D',
  );
  expect(wayOut({ pathname: '/', search: '?signInError=denied&a=b' })).toBe(
    '/api/v3/sign-in/oidc?returnTo=%2F%3Fa%3Db%26signedIn%3D',
  );
});

test('what happened there is read from the address, which is then as it was', () => {
  expect(readWayBack({ search: '?signedIn=' })).toEqual({ isSignedIn: true, fault: null });
  expect(readWayBack({ search: '?signInError=denied' })).toEqual({ isSignedIn: false, fault: 'denied' });
  expect(readWayBack({ search: '' })).toEqual({ isSignedIn: false, fault: null });
  expect(cleaned({ pathname: '/messages/7', search: '?a=b&signedIn=&signInError=x' })).toBe(
    '/messages/7?a=b',
  );
  expect(cleaned({ pathname: '/', search: '?signInError=x' })).toBe('/');
});

test('every fault of the server has its own sentence', () => {
  const sentences = SIGN_IN_FAULTS.map((fault) => faultText(fault, en.signIn.faults, en.signIn.failed));
  expect(new Set(sentences).size).toBe(SIGN_IN_FAULTS.length);
});

test.each(['', 'constructor', '<b>'])(
  'a fault %j that the server never says is a failure like any other',
  (fault) => {
    expect(faultText(fault, en.signIn.faults, en.signIn.failed)).toBe(en.signIn.failed);
  },
);
