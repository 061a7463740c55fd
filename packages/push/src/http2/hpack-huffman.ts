/**
 * RFC 7541 Appendix B. The code is canonical: within one length the codes count up in the order of the
 * symbols, so the lengths say everything. Symbol 256 is EOS, whose first bits are the padding.
 */
const CODE_LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
const EOS = 256;
/** Flags of a step; below them are the symbol (bits 9–16) and the next state (bits 0–8). */
const EMITS = 1 << 17;
const FAILS = 1 << 18;
/** Fewer than eight padding bits, all ones: a string may end here (RFC 7541 §5.2). */
const MAY_END = 1 << 19;

/** Codes by symbol: `[bits, length]`; also what a test needs to encode. */
export const HUFFMAN_CODES: readonly (readonly [bits: number, length: number])[] = canonicalCodes();

function canonicalCodes(): [number, number][] {
  const codes: [number, number][] = [];
  const symbols = CODE_LENGTHS.map((length, symbol) => ({ length, symbol }));
  symbols.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  let bits = 0;
  let previous = 0;
  for (const { length, symbol } of symbols) {
    bits <<= length - previous;
    previous = length;
    codes[symbol] = [bits, length];
    bits++;
  }
  return codes;
}

interface Node {
  readonly state: number;
  /** All-ones path of fewer than eight bits from the root. */
  readonly mayEnd: boolean;
  readonly children: [Node | number | null, Node | number | null];
}

function buildTree(): Node[] {
  const root: Node = { state: 0, mayEnd: true, children: [null, null] };
  const nodes = [root];
  for (const [symbol, [bits, length]] of HUFFMAN_CODES.entries()) {
    let node = root;
    for (let depth = 1; depth < length; depth++) {
      const bit = (bits >>> (length - depth)) & 1;
      const child = node.children[bit === 1 ? 1 : 0];
      if (child === null) {
        const made: Node = {
          state: nodes.length,
          mayEnd: node.mayEnd && bit === 1 && depth < 8,
          children: [null, null],
        };
        nodes.push(made);
        node.children[bit === 1 ? 1 : 0] = made;
        node = made;
      } else if (typeof child === 'object') node = child;
    }
    node.children[(bits & 1) === 1 ? 1 : 0] = symbol;
  }
  return nodes;
}

/** One entry per (state, next four bits): no code is shorter than five bits, so a step emits at most once. */
function buildSteps(): Int32Array {
  const nodes = buildTree();
  const steps = new Int32Array(nodes.length * 16);
  for (const node of nodes) {
    for (let nibble = 0; nibble < 16; nibble++)
      steps[node.state * 16 + nibble] = stepFrom(nodes, node, nibble);
  }
  return steps;
}

function stepFrom(nodes: readonly Node[], from: Node, nibble: number): number {
  let node: Node = from;
  let emitted = 0;
  for (let shift = 3; shift >= 0; shift--) {
    const child = node.children[((nibble >>> shift) & 1) === 1 ? 1 : 0];
    if (child === null || child === EOS) return FAILS;
    if (typeof child === 'number') {
      emitted = EMITS | (child << 9);
      node = nodes[0] as Node;
    } else node = child;
  }
  return node.state | emitted | (node.mayEnd ? MAY_END : 0);
}

const STEPS = buildSteps();

/**
 * Decodes `source[start, end)` into `target`, which must hold `(end - start) * 8 / 5` bytes. Returns the
 * number of bytes written, or -1 when the text or its padding is not valid.
 */
export function decodeHuffman(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let written = 0;
  let step = MAY_END;
  for (let at = start; at < end; at++) {
    const byte = source[at] as number;
    step = STEPS[((step & 0x1ff) << 4) | (byte >>> 4)] as number;
    if ((step & EMITS) !== 0) target[written++] = step >>> 9;
    if ((step & FAILS) !== 0) return -1;
    step = STEPS[((step & 0x1ff) << 4) | (byte & 15)] as number;
    if ((step & EMITS) !== 0) target[written++] = step >>> 9;
    if ((step & FAILS) !== 0) return -1;
  }
  return (step & MAY_END) === 0 ? -1 : written;
}
