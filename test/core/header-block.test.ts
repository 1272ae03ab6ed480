import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HeaderPairs, MAX_HEADER_BYTES, MAX_HEADERS, parseHeaderBlock } from '../../src/core/index.ts';
import { cpuMsOf } from '../support/cpu.ts';

const parse = (block: string): HeaderPairs => parseHeaderBlock(Buffer.from(block));

test('Headers are read in their order, repeated names and empty values included', () => {
  assert.deepEqual(parse('NATS/1.0\r\nA: 1\r\nb:2\r\nA:  three: 3 \r\nE:\r\n\r\n'), [
    ['A', '1'],
    ['b', '2'],
    ['A', 'three: 3'],
    ['E', ''],
  ]);
});

test('What is no header is left out, and the headers around it are read', () => {
  const bad = ['bad key: v', ': v', 'no colon', '', 'é: v', 'n\u0000l: v', `${'x'.repeat(300)}: v`];
  for (const line of bad)
    assert.deepEqual(
      parse(`NATS/1.0\r\nA: 1\r\n${line}\r\nB: 2\r\n\r\n`),
      [
        ['A', '1'],
        ['B', '2'],
      ],
      line,
    );
  for (const block of ['', 'NATS/1.0', 'NATS/1.0\r\n', 'NATS/1.0 503\r\n\r\n', '\r\n', 'x'])
    assert.deepEqual(parse(block), []);
  assert.deepEqual(parse('NATS/1.0\r\nA: 1'), [['A', '1']]);
});

test('Only so many headers are read, and none of a block that is too large', () => {
  const lines = Array.from({ length: MAX_HEADERS + 10 }, (_, index) => `k${index}: v\r\n`).join('');
  assert.equal(parse(`NATS/1.0\r\n${lines}\r\n`).length, MAX_HEADERS);
  const head = 'NATS/1.0\r\nA: ';
  assert.equal(parse(head.padEnd(MAX_HEADER_BYTES, 'x')).length, 1);
  assert.deepEqual(parse(head.padEnd(MAX_HEADER_BYTES + 1, 'x')), []);
});

test('A block of nothing but line breaks costs no more than another of its size', () => {
  const block = Buffer.from('NATS/1.0\r\n'.padEnd(MAX_HEADER_BYTES, '\r\n'));
  const tookMs = cpuMsOf(() => {
    for (let round = 0; round < 300; round += 1) assert.deepEqual(parseHeaderBlock(block), []);
  });
  assert.ok(tookMs < 1_000, `300 blocks took ${Math.round(tookMs)} ms`);
});
