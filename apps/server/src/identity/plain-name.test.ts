import { describe, expect, it } from 'vitest';
import { isPlainName } from './plain-name.ts';

describe('a plain name', () => {
  it.each(['ada', 'ada lovelace', 'jörg', '李', 'a*b', 'o’neill'])('is %j', (name) => {
    expect(isPlainName(name)).toBe(true);
  });

  it.each(['', ' ', ' ada', 'ada ', 'a  b', 'a\tb', 'ａda', 'ﬁ', 'a\u200bb', 'a\0'])('is not %j', (name) => {
    expect(isPlainName(name)).toBe(false);
  });
});
