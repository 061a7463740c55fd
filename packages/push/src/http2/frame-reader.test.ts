import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FrameHandler, FrameReader } from './frame-reader.ts';
import { FLAG, FRAME, makeFrame, settingsPayload, words } from './frames.ts';

/** Writes down what the reader says, with copies of the bytes. */
function recorder(): { handler: FrameHandler; calls: string[] } {
  const calls: string[] = [];
  const say = (...parts: readonly unknown[]) => void calls.push(parts.join(' '));
  const text = (buffer: Buffer, start: number, end: number) => buffer.toString('latin1', start, end);
  return {
    calls,
    handler: {
      onHeaders: (id, last, block, start, end) => say('headers', id, last, text(block, start, end)),
      onData: (id, last, data, start, end, flow) => say('data', id, last, text(data, start, end), flow),
      onReset: (id, code) => say('reset', id, code),
      onSettings: (payload, start, end) => say('settings', payload.toString('hex', start, end)),
      onPing: (payload) => say('ping', payload.toString('latin1')),
      onPingAck: () => say('ping ack'),
      onGoaway: (last, code, debug) => say('goaway', last, code, debug),
      onWindowUpdate: (id, increment) => say('window', id, increment),
    },
  };
}

const SETTINGS = makeFrame(FRAME.settings, 0, 0, settingsPayload([[3, 7]]));
const ALL_ENDS = FLAG.endHeaders | FLAG.endStream;
const text = (value: string) => Buffer.from(value, 'latin1');

const CONVERSATION = Buffer.concat([
  SETTINGS,
  makeFrame(FRAME.settings, FLAG.ack, 0, text('')),
  makeFrame(FRAME.headers, ALL_ENDS, 1, text('plain')),
  makeFrame(FRAME.headers, ALL_ENDS | FLAG.padded, 3, text('\x03paddedxyz')),
  makeFrame(FRAME.headers, FLAG.endHeaders | FLAG.padded | FLAG.priority, 5, text('\x01PPPPPbothx')),
  makeFrame(0xbb, 0xff, 5, text('an unknown frame')),
  makeFrame(FRAME.priority, 0, 5, text('PPPPP')),
  makeFrame(FRAME.data, FLAG.padded | FLAG.endStream, 5, text('\x02bodyxx')),
  makeFrame(FRAME.headers, FLAG.endStream, 7, text('in ')),
  makeFrame(FRAME.continuation, 0, 7, text('three ')),
  makeFrame(FRAME.continuation, FLAG.endHeaders, 7, text('parts')),
  makeFrame(FRAME.rstStream, 0, 9, words(8)),
  makeFrame(FRAME.ping, 0, 0, text('12345678')),
  makeFrame(FRAME.ping, FLAG.ack, 0, text('12345678')),
  makeFrame(FRAME.windowUpdate, 0, 9, words(0x8000_0005)),
  makeFrame(FRAME.data, 0, 9, text('b'.repeat(16_384))),
  makeFrame(FRAME.goaway, 0, 0, Buffer.concat([words(9, 2), text('{"reason":"Shutdown"}')])),
]);

const HEARD = [
  'settings 000300000007',
  'headers 1 true plain',
  'headers 3 true padded',
  'headers 5 false both',
  'data 5 true body 7',
  'headers 7 true in three parts',
  'reset 9 8',
  'ping 12345678',
  'ping ack',
  'window 9 5',
  `data 9 false ${'b'.repeat(16_384)} 16384`,
  'goaway 9 2 {"reason":"Shutdown"}',
];

describe('FrameReader', () => {
  it('strips padding and priority, joins CONTINUATION and ignores unknown frames', () => {
    const { handler, calls } = recorder();
    new FrameReader(handler).push(CONVERSATION);
    expect(calls).toEqual(HEARD);
  });

  it('hears the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 50 }), (sizes) => {
        const { handler, calls } = recorder();
        const reader = new FrameReader(handler);
        for (let at = 0, turn = 0; at < CONVERSATION.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          reader.push(Buffer.from(CONVERSATION.subarray(at, at + size)));
          at += size;
        }
        expect(calls).toEqual(HEARD);
      }),
      { numRuns: 50 },
    );
  });

  const broken: [string, Buffer][] = [
    ['a server that does not start with SETTINGS', makeFrame(FRAME.ping, 0, 0, text('12345678'))],
    ['an HTTP/1.1 answer', text('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ];
  const brokenLater: [string, Buffer][] = [
    ['a frame above 16,384 bytes', makeFrame(FRAME.data, 0, 1, Buffer.alloc(16_385))],
    ['HEADERS on stream 0', makeFrame(FRAME.headers, ALL_ENDS, 0, text('x'))],
    ['DATA on stream 0', makeFrame(FRAME.data, 0, 0, text('x'))],
    ['RST_STREAM on stream 0', makeFrame(FRAME.rstStream, 0, 0, words(1))],
    ['SETTINGS on a stream', makeFrame(FRAME.settings, 0, 1, text(''))],
    ['SETTINGS of five bytes', makeFrame(FRAME.settings, 0, 0, text('12345'))],
    ['a SETTINGS ACK that says something', makeFrame(FRAME.settings, FLAG.ack, 0, text('123456'))],
    ['PING of seven bytes', makeFrame(FRAME.ping, 0, 0, text('1234567'))],
    ['GOAWAY on a stream', makeFrame(FRAME.goaway, 0, 1, words(1, 0))],
    ['a short GOAWAY', makeFrame(FRAME.goaway, 0, 0, words(1))],
    ['WINDOW_UPDATE of three bytes', makeFrame(FRAME.windowUpdate, 0, 0, text('123'))],
    ['padding longer than its frame', makeFrame(FRAME.data, FLAG.padded, 1, text('\x05abc'))],
    [
      'padding that eats the priority',
      makeFrame(FRAME.headers, FLAG.padded | FLAG.priority, 1, text('\x02abcde')),
    ],
    ['CONTINUATION without HEADERS', makeFrame(FRAME.continuation, FLAG.endHeaders, 1, text('x'))],
    ['PUSH_PROMISE', makeFrame(FRAME.pushPromise, FLAG.endHeaders, 1, words(2))],
    [
      'a header block interrupted by DATA',
      Buffer.concat([makeFrame(FRAME.headers, 0, 1, text('x')), makeFrame(FRAME.data, 0, 1, text('y'))]),
    ],
    [
      'an endless row of CONTINUATION',
      Buffer.concat([
        makeFrame(FRAME.headers, 0, 1, text('x')),
        ...Array.from({ length: 70 }, () => makeFrame(FRAME.continuation, 0, 1, text(''))),
      ]),
    ],
  ];
  it.each([
    ...broken,
    ...brokenLater.map(([what, frame]) => [what, Buffer.concat([SETTINGS, frame])] as const),
  ])('refuses %s', (_what, conversation) => {
    expect(() => new FrameReader(recorder().handler).push(conversation)).toThrow();
  });
});
