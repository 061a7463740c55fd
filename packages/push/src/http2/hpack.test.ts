import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HpackDecoder } from './hpack-decoder.ts';
import { type HeaderPairs, HpackEncoder, writePath, writeText } from './hpack-encoder.ts';
import { decodeHuffman, HUFFMAN_CODES } from './hpack-huffman.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');

function decode(decoder: HpackDecoder, hex: string): string[] {
  const block = bytes(hex);
  return decoder.decode(block, 0, block.length);
}

function huffman(text: Buffer): Buffer {
  let bits = '';
  for (const byte of text) {
    const [code, length] = HUFFMAN_CODES[byte] ?? [0, 0];
    bits += code.toString(2).padStart(length, '0');
  }
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  return Buffer.from(bits.match(/.{8}/g)?.map((octet) => Number.parseInt(octet, 2)) ?? []);
}

const REQUESTS = [
  [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'],
  [
    ':method',
    'GET',
    ':scheme',
    'http',
    ':path',
    '/',
    ':authority',
    'www.example.com',
    'cache-control',
    'no-cache',
  ],
  [
    ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html'],
    ...[':authority', 'www.example.com', 'custom-key', 'custom-value'],
  ],
];

const RESPONSES = [
  [
    ...[':status', '302', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ...['location', 'https://www.example.com'],
  ],
  [
    ...[':status', '307', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ...['location', 'https://www.example.com'],
  ],
  [
    ...[':status', '200', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
    ...['location', 'https://www.example.com', 'content-encoding', 'gzip'],
    ...['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
  ],
];

describe('HpackDecoder reads RFC 7541 Appendix C', () => {
  it('C.2.1 literal with indexing', () => {
    const block = '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572';
    expect(decode(new HpackDecoder(), block)).toEqual(['custom-key', 'custom-header']);
  });

  it('C.2.2 literal without indexing, C.2.3 never indexed, C.2.4 indexed', () => {
    const decoder = new HpackDecoder();
    expect(decode(decoder, '040c 2f73 616d 706c 652f 7061 7468')).toEqual([':path', '/sample/path']);
    expect(decode(decoder, '1008 7061 7373 776f 7264 0673 6563 7265 74')).toEqual(['password', 'secret']);
    expect(decode(decoder, '82')).toEqual([':method', 'GET']);
  });

  it('C.3 three requests, plain', () => {
    const decoder = new HpackDecoder();
    expect(decode(decoder, '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d')).toEqual(REQUESTS[0]);
    expect(decode(decoder, '8286 84be 5808 6e6f 2d63 6163 6865')).toEqual(REQUESTS[1]);
    const third = '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65';
    expect(decode(decoder, third)).toEqual(REQUESTS[2]);
  });

  it('C.4 three requests, Huffman', () => {
    const decoder = new HpackDecoder();
    expect(decode(decoder, '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')).toEqual(REQUESTS[0]);
    expect(decode(decoder, '8286 84be 5886 a8eb 1064 9cbf')).toEqual(REQUESTS[1]);
    const third = '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf';
    expect(decode(decoder, third)).toEqual(REQUESTS[2]);
  });

  it('C.6 three responses, Huffman, with evictions from a table of 256 bytes', () => {
    const decoder = new HpackDecoder(256);
    // The example presumes a table of 256 bytes; on the wire an encoder says so first.
    const first = `3fe101 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81
      66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`;
    expect(decode(decoder, first)).toEqual(RESPONSES[0]);
    expect(decode(decoder, '4883 640e ffc1 c0bf')).toEqual(RESPONSES[1]);
    const third = `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab
      77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0
      03ed 4ee5 b106 3d50 07`;
    expect(decode(decoder, third)).toEqual(RESPONSES[2]);
  });
});

describe('HpackDecoder refuses', () => {
  const refused: [string, string, RegExp][] = [
    ['index 0', '80', /no entry 0/],
    ['an index beyond the table', 'be', /no entry 62/],
    ['a size update above what was announced', '3fe21f', /table size/],
    ['a size update inside a block', '8820', /size update inside/],
    ['a text longer than its block', '0003 6162', /longer than its block/],
    ['a block that ends inside an integer', 'ff80', /ends too early/],
    ['an integer without end', 'ff80 8080 8080 8080 01', /integer too large/],
    ['Huffman padding of eight ones', '0082 1fff 00', /Huffman/],
    ['Huffman padding of zeros', '0081 18 00', /Huffman/],
    ['the Huffman symbol EOS', '0084 ffff ffff 00', /Huffman/],
  ];
  it.each(refused)('%s', (_what, block, message) => {
    expect(() => decode(new HpackDecoder(), block)).toThrow(message);
  });

  it('a header list that grows beyond all measure by one-byte references', () => {
    const decoder = new HpackDecoder();
    const value = '61'.repeat(3000);
    decode(decoder, `4001 62 7f b916 ${value}`);
    expect(() => decode(decoder, 'be'.repeat(30))).toThrow(/header list too large/);
  });
});

describe('Huffman', () => {
  it('decodes whatever was encoded, every byte value included', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (plain) => {
        const coded = huffman(Buffer.from(plain));
        const target = Buffer.alloc(coded.length * 2);
        const written = decodeHuffman(coded, 0, coded.length, target);
        expect(target.subarray(0, written)).toEqual(Buffer.from(plain));
      }),
    );
  });
});

/** One request as `RequestWriter` writes it. */
function encode(encoder: HpackEncoder, headers: HeaderPairs, path: string, variable: string | null): Buffer {
  const target = Buffer.alloc(65_536);
  let at = encoder.writeSizeUpdates(target, 0);
  at = writePath(target, at, path);
  const block = encoder.block(headers, variable === null ? null : 'apns-id');
  if (block === null) throw new Error('too large');
  at += block.copy(target, at);
  if (variable !== null) at = writeText(target, at, variable);
  return target.subarray(0, at);
}

function pairs(fields: readonly string[]): string[][] {
  const found: string[][] = [];
  for (let at = 0; at < fields.length; at += 2) found.push([fields[at] ?? '', fields[at + 1] ?? '']);
  return found;
}

describe('HpackEncoder', () => {
  const headers: HeaderPairs = [
    ['authorization', `bearer ${'x'.repeat(200)}`],
    ['apns-topic', 'org.example.app'],
  ];

  it('inserts constant headers once and then spends one byte on each', () => {
    const encoder = new HpackEncoder('https', 'push.example.org');
    expect(encoder.block(headers, null)?.length).toBeGreaterThan(200);
    expect(encoder.block(headers, null)).toHaveLength(5);
    expect(encoder.block(headers, null)).toBe(encoder.block(headers, null));
  });

  it('rebuilds a block when another one shifted the indices', () => {
    const encoder = new HpackEncoder('https', 'push.example.org');
    const decoder = new HpackDecoder();
    const others: HeaderPairs = [['authorization', 'bearer new']];
    for (const list of [headers, headers, others, headers, others]) {
      const block = encode(encoder, list, '/a', 'id');
      expect(pairs(decoder.decode(block, 0, block.length))).toEqual(expected(list, '/a', 'id'));
    }
  });

  it('says the smallest and the last of several table sizes, then refers to nothing that was dropped', () => {
    const encoder = new HpackEncoder('https', 'push.example.org');
    const decoder = new HpackDecoder();
    const first = encode(encoder, headers, '/a', null);
    decoder.decode(first, 0, first.length);
    encoder.setLimit(0);
    encoder.setLimit(1000);
    const block = encode(encoder, headers, '/a', null);
    expect(block.subarray(0, 4).toString('hex')).toBe('203fc907');
    expect(pairs(decoder.decode(block, 0, block.length))).toEqual(expected(headers, '/a', null));
  });

  it('uses literals only with a table of 0 bytes', () => {
    const encoder = new HpackEncoder('https', 'push.example.org');
    encoder.setLimit(0);
    const stateless = new HpackDecoder(0);
    for (let round = 0; round < 3; round++) {
      const block = encode(encoder, headers, '/a', 'id');
      expect(pairs(stateless.decode(block, 0, block.length))).toEqual(expected(headers, '/a', 'id'));
    }
    expect(stateless.isStateless).toBe(true);
  });

  it('refuses headers that do not fit a frame and stays usable', () => {
    const encoder = new HpackEncoder('https', 'push.example.org');
    expect(encoder.block([['cookie', 'c'.repeat(9000)]], null)).toBeNull();
    const block = encode(encoder, headers, '/a', null);
    expect(pairs(new HpackDecoder().decode(block, 0, block.length))).toEqual(expected(headers, '/a', null));
  });

  it('is understood by the decoder whatever is sent and however the table size moves', () => {
    const word = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
    const list = fc.array(fc.tuple(word, fc.string({ maxLength: 80, unit: 'binary-ascii' })), {
      maxLength: 6,
    });
    const step = fc.record({
      pick: fc.nat(4),
      limit: fc.option(fc.constantFrom(0, 64, 100, 300, 4096, 65_536)),
      path: fc.webPath(),
      variable: fc.option(word),
    });
    fc.assert(
      fc.property(
        fc.array(list, { minLength: 1, maxLength: 5 }),
        fc.array(step, { maxLength: 20 }),
        (lists, steps) => {
          const encoder = new HpackEncoder('https', 'push.example.org');
          const decoder = new HpackDecoder();
          for (const { pick, limit, path, variable } of steps) {
            if (limit !== null) encoder.setLimit(limit);
            const chosen = lists[pick % lists.length] ?? [];
            const block = encode(encoder, chosen, path, variable);
            expect(pairs(decoder.decode(block, 0, block.length))).toEqual(expected(chosen, path, variable));
          }
        },
      ),
    );
  });
});

function expected(headers: HeaderPairs, path: string, variable: string | null): string[][] {
  const all: string[][] = [
    [':path', path],
    [':method', 'POST'],
    [':scheme', 'https'],
    [':authority', 'push.example.org'],
    ...headers.map((pair) => [...pair]),
  ];
  if (variable !== null) all.push(['apns-id', variable]);
  return all;
}
