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
 * `maxBytes`: texts of one length are shortened alike, so that none vanishes for the others. Throws `RangeError` when
 * it does not fit even without any text.
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
    const limit = shorterLimit(Object.values(fitting), excess);
    if (limit < 0) throw new RangeError(`the payload needs ${excess} bytes more than the provider takes`);
    const cut = Object.entries(fitting).map(([name, text]) => [name, truncateBytes(text, limit)]);
    fitting = Object.fromEntries(cut) as Texts;
  }
}

/** Bytes that no text may be longer than, for about `excess` bytes less; -1 when there is nothing left to shorten. */
function shorterLimit(texts: readonly string[], excess: number): number {
  const sizes = texts.map((text) => Buffer.byteLength(text));
  const longest = Math.max(0, ...sizes);
  if (longest === 0) return -1;
  const equals = sizes.filter((size) => size === longest).length;
  const next = Math.max(0, ...sizes.filter((size) => size < longest));
  return Math.max(longest - Math.ceil(excess / equals), next, 0);
}
