import { describe, expect, it } from 'vitest';
import { commonNameOf, fillDn, isBelow } from './names.ts';

describe('a name in a DN', () => {
  it.each([
    ['ada', 'uid=ada,ou=people'],
    ['ada.lovelace@example.org', 'uid=ada.lovelace@example.org,ou=people'],
    ['jörg', 'uid=jörg,ou=people'],
    ['a,ou=admins', 'uid=a\\2cou\\3dadmins,ou=people'],
    ['#1', 'uid=\\231,ou=people'],
    ['a\\b"<>;+', 'uid=a\\5cb\\22\\3c\\3e\\3b\\2b,ou=people'],
    ['$& $1', 'uid=\\24\\26\\20\\241,ou=people'],
    ['🔔', 'uid=\\f0\\9f\\94\\94,ou=people'],
  ])('%j is one value', (name, dn) => {
    expect(fillDn('uid={username},ou=people', name)).toBe(dn);
  });
});

describe('the name of a group', () => {
  it.each([
    ['cn=admins,dc=example', 'admins'],
    ['CN=Night shift,OU=Groups,DC=example', 'Night shift'],
    ['cn=a\\2cb\\, c,dc=example', 'a,b, c'],
    ['cn=\\c3\\a5ret,dc=example', 'året'],
  ])('%s is %j', (dn, name) => {
    expect(commonNameOf(dn)).toBe(name);
  });
});

describe('a DN', () => {
  it.each(['cn=a,ou=groups,dc=example', 'CN=a, OU=Groups, DC=example', 'cn=a,ou=x,ou=groups,dc=example'])(
    '%s is below',
    (dn) => {
      expect(isBelow(dn, 'ou=groups,dc=example')).toBe(true);
    },
  );

  it.each([
    'ou=groups,dc=example',
    'cn=a,dc=example',
    'cn=a,xou=groups,dc=example',
    'cn=a,ou=groups,dc=example,dc=b',
  ])('%s is not below', (dn) => {
    expect(isBelow(dn, 'ou=groups,dc=example')).toBe(false);
  });
});
