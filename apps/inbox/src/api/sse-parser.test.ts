import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSseParser } from './sse-parser.ts';

const parseAll = (stream: string) => createSseParser()(stream);

test('an event has its id, its type and its data', () => {
  expect(parseAll('id: 7\nevent: notification\ndata: {"a":1}\n\n')).toEqual([
    { id: '7', type: 'notification', data: '{"a":1}' },
  ]);
});

test('comments, retry times and events without data yield nothing', () => {
  expect(parseAll(': still here\n\nretry: 1000\n\nevent: notification\n\n')).toEqual([]);
});

test('an event without a type is a message, and keeps the last id', () => {
  expect(parseAll('id: 7\ndata: a\n\ndata: b\n\n')).toEqual([
    { id: '7', type: 'message', data: 'a' },
    { id: '7', type: 'message', data: 'b' },
  ]);
});

test('several data lines are one text; only one leading blank is dropped', () => {
  expect(parseAll('data: a\ndata:b\ndata:  c\ndata\n\n')[0]?.data).toBe('a\nb\n c\n');
});

test('an unfinished event waits for the next piece', () => {
  const parse = createSseParser();
  expect(parse('data: half')).toEqual([]);
  expect(parse(' and half\n')).toEqual([]);
  expect(parse('\n')).toEqual([{ id: null, type: 'message', data: 'half and half' }]);
});

test.each(['\n', '\r\n', '\r'])('every cut of the stream gives the same events with line end %j', (end) => {
  const stream = ['id: 1', 'event: inbox', 'data: å→😀', '', ': x', 'data: second', '', ''].join(end);
  // A lone CR at the very end could still become CRLF, so one more line follows.
  const whole = parseAll(`${stream}: end`);
  expect(whole.map(({ data }) => data)).toEqual(['å→😀', 'second']);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: stream.length }), { maxLength: 6 }), (cuts) => {
      const parse = createSseParser();
      const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
      const pieces = at.slice(1).map((to, index) => stream.slice(at[index], to));
      expect([...pieces, ': end'].flatMap((piece) => parse(piece))).toEqual(whole);
    }),
  );
});
