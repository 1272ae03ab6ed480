import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { addNodeOptions } from '../../src/cli/node/node-options.ts';

/** What the options of a node come to. */
function parse(...args: readonly string[]): Record<string, unknown> {
  const command = new Command('up').exitOverride().configureOutput({ writeErr: () => undefined });
  addNodeOptions(command, { data: '', port: '', http: '' });
  return command.parse(args, { from: 'user' }).opts();
}

test('A host name is in small letters, and its namespace as it is written or the default one', () => {
  const { httpHost } = parse('--http-host', 'API.example.com=Shop', '--http-host', 'Example.com');
  assert.deepEqual(httpHost, { 'api.example.com': 'Shop', 'example.com': 'default' });
});

test('What is no host name with a namespace is refused', () => {
  for (const text of ['', '=', 'a.example=', '=shop', 'a.example=shop=x', 'a_b', 'a.example=my.shop'])
    assert.throws(() => parse('--http-host', text), /Write NAME or NAME=NAMESPACE/, text);
});

test('An address is a port of loopback, or names its host', () => {
  assert.deepEqual(parse('--http', '8080')['http'], { host: '127.0.0.1', port: 8080 });
  assert.deepEqual(parse('--http', '0.0.0.0:80')['http'], { host: '0.0.0.0', port: 80 });
  assert.deepEqual(parse('--metrics', '[::1]:9464')['metrics'], { host: '::1', port: 9464 });
  assert.throws(() => parse('--http', '65536'), /from 0 to 65535/);
  assert.throws(() => parse('--http', 'here'), /PORT, HOST:PORT or \[IPv6\]:PORT/);
});

test('Options that may be repeated keep their order, and what cannot be withheld is refused', () => {
  const { replySubject, withhold } = parse(
    ...['--reply-subject', 'b.>', '--reply-subject', 'a.>', '--withhold', 'http', '--withhold', 'kv'],
  );
  assert.deepEqual(replySubject, ['b.>', 'a.>']);
  assert.deepEqual(withhold, ['http', 'kv']);
  assert.throws(() => parse('--withhold', 'sun'), /What can be withheld: /);
});
