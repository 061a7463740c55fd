import { describe, expect, it } from 'vitest';
import { fillDn, isPlainName } from './names.ts';

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

describe('a plain name', () => {
  it.each(['ada', 'ada lovelace', 'jörg', '李', 'a*b', 'o’neill'])('is %j', (name) => {
    expect(isPlainName(name)).toBe(true);
  });

  it.each(['', ' ', ' ada', 'ada ', 'a  b', 'a\tb', 'ａda', 'ﬁ', 'a\u200bb', 'a\0'])('is not %j', (name) => {
    expect(isPlainName(name)).toBe(false);
  });
});
