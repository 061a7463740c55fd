/** Shortening texts to a size in UTF-8 bytes, never inside a character. */

const ELLIPSIS = '…';

/** The longest beginning of at most `maxBytes` of UTF-8. */
export function cutBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let units = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    units += character.length;
  }
  return text.slice(0, units);
}

/** At most `maxBytes` of UTF-8; what was cut ends in an ellipsis when that fits. */
export function truncateBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const mark = maxBytes >= Buffer.byteLength(ELLIPSIS) ? ELLIPSIS : '';
  return cutBytes(text, maxBytes - Buffer.byteLength(mark)) + mark;
}

/** The first `count` UTF-16 units, never half a surrogate pair. */
export function truncateUnits(text: string, count: number): string {
  if (text.length <= count) return text;
  const last = text.charCodeAt(count - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? count - 1 : count);
}

/**
 * Builds something from texts and shortens the longest of them, again and again, until `sizeOf` it is at most
 * `maxBytes`. Throws `RangeError` when it does not fit even without any text.
 */
export function fitTexts<Texts extends Record<string, string>, Built>(
  texts: Texts,
  build: (texts: Texts) => Built,
  sizeOf: (built: Built) => number,
  maxBytes: number,
): Built {
  let fitting = texts;
  for (;;) {
    const built = build(fitting);
    const excess = sizeOf(built) - maxBytes;
    if (excess <= 0) return built;
    const longest = Object.entries(fitting).reduce((a, b) =>
      Buffer.byteLength(b[1]) > Buffer.byteLength(a[1]) ? b : a,
    );
    const bytes = Buffer.byteLength(longest[1]);
    if (bytes === 0) throw new RangeError(`the payload needs ${excess} bytes more than the provider takes`);
    fitting = { ...fitting, [longest[0]]: truncateBytes(longest[1], Math.max(0, bytes - excess)) };
  }
}
