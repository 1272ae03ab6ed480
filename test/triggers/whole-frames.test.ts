import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kind, MsgImpl, Parser, type ParserEvent, State } from '@nats-io/nats-core/internal';
import fc from 'fast-check';
import { payloadText, readWholeFrames } from '../../src/triggers/subject/whole-frames.ts';

const parseByLibrary = Parser.prototype.parse;
readWholeFrames();
const parseByUs = Parser.prototype.parse;

/** What a connection would be told, message by message, as text that can be compared. */
function eventsOf(parse: typeof parseByLibrary, chunks: readonly Uint8Array[]): readonly string[] {
  const events: string[] = [];
  const parser = new Parser({
    push: (event: ParserEvent) => {
      events.push(describe(event));
      // The library is inside a message here; whoever asks must be told the same by us.
      if (event.kind === Kind.MSG) events.push(`inside ${parser.state !== State.OP_START}`);
    },
  });
  try {
    for (const chunk of chunks) parse.call(parser, chunk);
    events.push(`ends ${parser.state === State.OP_START ? 'between' : 'inside'} messages`);
  } catch (error) {
    events.push(error instanceof Error ? error.message.replace(/:.*/s, '') : 'failed');
  }
  return events;
}

function describe({ kind, msg, data }: ParserEvent): string {
  if (msg === undefined) return `${kind} ${hex(data)}`;
  const message = new MsgImpl(msg, data ?? new Uint8Array(0), {
    publish: () => undefined,
    respondMessage: () => false,
  } as never);
  const text = payloadText(message);
  if (text !== undefined) assert.equal(text, Buffer.from(message.data).toString('latin1'));
  return [
    kind,
    message.sid,
    message.subject,
    message.reply,
    msg.hdr,
    msg.size,
    hex(msg.subject),
    hex(msg.reply),
    hex(data),
    message.size(),
  ].join(' ');
}

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

const token = fc.string({
  minLength: 1,
  maxLength: 12,
  unit: fc.constantFrom('a', 'Z', '0', '-', '_', '$', 'é'),
});
const subject = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'));
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ maxLength: 300 }).map((text) => Buffer.from(text)),
  fc.constantFrom('\r\n', 'MSG a 1 2\r\nhi\r\n', '', '\ufeffx').map((text) => Buffer.from(text)),
);
const blank = fc.constantFrom(' ', ' ', ' ', ' ', ' ', '  ', '\t');
const verb = (name: string) => fc.constantFrom(name, name, name, name.toLowerCase());
const message = fc
  .record({ verb: verb('MSG'), subject, sid: fc.nat(), reply: fc.option(subject), bytes, blank })
  .map((one) => {
    const fields = [
      one.verb,
      one.subject,
      one.sid,
      ...(one.reply === null ? [] : [one.reply]),
      one.bytes.length,
    ];
    return Buffer.concat([Buffer.from(`${fields.join(one.blank)}\r\n`), one.bytes, Buffer.from('\r\n')]);
  });
const withHeaders = fc
  .record({
    verb: verb('HMSG'),
    subject,
    sid: fc.nat(),
    reply: fc.option(subject),
    bytes,
    name: token,
    blank,
  })
  .map((one) => {
    const block = Buffer.from(`NATS/1.0\r\n${one.name}: x\r\n\r\n`);
    const sizes = [block.length, block.length + one.bytes.length];
    const fields = [one.verb, one.subject, one.sid, ...(one.reply === null ? [] : [one.reply]), ...sizes];
    return Buffer.concat([
      Buffer.from(`${fields.join(one.blank)}\r\n`),
      block,
      one.bytes,
      Buffer.from('\r\n'),
    ]);
  });
const other = fc
  .constantFrom('PING\r\n', 'PONG\r\n', '+OK\r\n', "-ERR 'no'\r\n", 'INFO {"server_id":"x"}\r\n')
  .map((text) => Buffer.from(text));
const odd = fc
  .constantFrom(
    'MSG a 1 99999999999\r\n',
    'MSG a x 1\r\ny\r\n',
    'MSG a 1 b 1 2\r\n',
    'HMSG a 1 9 2\r\nxx\r\n',
    'MSG  1 2\r\nxx\r\n',
    'MSG a 1 2\nxx\r\n',
    'MSG a 1 2\r\nxx\n',
    'MSG a 1 2\r\nxxyy\r\n',
    'MSG a\r\n',
    'MSG a 1 -1\r\n',
    'MSX',
    'MSGX a 1 2\r\nxx\r\n',
    'HMSGa 1 2 2\r\nxx\r\n',
    'MSG',
  )
  .map((text) => Buffer.from(text));

function cut(stream: Buffer, places: readonly number[]): readonly Uint8Array[] {
  const sorted = [...new Set(places.map((place) => place % (stream.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((from, index) => stream.subarray(from, sorted[index] ?? stream.length));
}

test('A stream of messages is read as the client library reads it, wherever it is cut', () => {
  const part = fc.oneof({ weight: 6, arbitrary: message }, { weight: 4, arbitrary: withHeaders }, other);
  const streams = fc.array(part, { minLength: 1, maxLength: 12 }).map((parts) => Buffer.concat(parts));
  fc.assert(
    fc.property(streams, fc.array(fc.nat(), { maxLength: 6 }), (stream, places) => {
      const chunks = cut(stream, places);
      const expected = eventsOf(parseByLibrary, [stream]);
      assert.equal(expected.at(-1), 'ends between messages');
      assert.deepEqual(eventsOf(parseByUs, chunks), expected);
    }),
    { numRuns: 2_000 },
  );
});

test('What is no message ends as it ends in the client library', () => {
  const part = fc.oneof({ weight: 3, arbitrary: message }, { weight: 2, arbitrary: withHeaders }, other, odd);
  const streams = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => Buffer.concat(parts));
  fc.assert(
    fc.property(streams, fc.array(fc.nat(), { maxLength: 3 }), (stream, places) => {
      const chunks = cut(stream, places);
      assert.deepEqual(eventsOf(parseByUs, chunks), eventsOf(parseByLibrary, chunks));
    }),
    { numRuns: 2_000 },
  );
});

test('A payload that is ASCII comes with its text, another one does not', () => {
  const texts: (string | undefined)[] = [];
  const parser = new Parser({
    push: ({ msg, data }: ParserEvent) => {
      if (msg !== undefined && data !== undefined)
        texts.push(payloadText(new MsgImpl(msg, data, {} as never)));
    },
  });
  parser.parse(Buffer.from('MSG a.b 1 r 5\r\nhello\r\nHMSG a.b 1 12 16\r\nNATS/1.0\r\n\r\nbody\r\n'));
  parser.parse(Buffer.from('MSG a.b 1 6\r\nhé\r\nlo\r\n'.replace('\r\nlo', 'llo')));
  assert.deepEqual(texts, ['hello', 'body', undefined]);
});
