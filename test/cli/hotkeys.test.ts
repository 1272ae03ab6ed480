import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { listenForKeys } from '../../src/cli/dev/hotkeys.ts';

/** Stands in for a terminal, which a test does not have. */
class FakeTerminal extends EventEmitter {
  readonly isTTY = true;
  readonly calls: string[] = [];

  setRawMode(enabled: boolean): void {
    this.calls.push(enabled ? 'raw' : 'cooked');
  }

  resume(): void {
    this.calls.push('resume');
  }

  pause(): void {
    this.calls.push('pause');
  }

  type(text: string): void {
    this.emit('data', Buffer.from(text));
  }
}

test('Keys act in the order typed, in either case, and others do nothing', () => {
  const terminal = new FakeTerminal();
  const pressed: string[] = [];
  const keys = ['t', 'q'].map((key) => ({ key, text: '', action: () => void pressed.push(key) }));
  using _listening = listenForKeys(keys, () => pressed.push('interrupt'), terminal);
  terminal.type('tx');
  terminal.type('Q');
  terminal.type('\u0003');
  assert.deepEqual(pressed, ['t', 'q', 'interrupt']);
});

test('The terminal is put into raw mode and given back', () => {
  const terminal = new FakeTerminal();
  const listening = listenForKeys([], () => undefined, terminal);
  assert.deepEqual(terminal.calls, ['raw', 'resume']);
  listening[Symbol.dispose]();
  assert.deepEqual(terminal.calls, ['raw', 'resume', 'cooked', 'pause']);
  assert.equal(terminal.listenerCount('data'), 0);
});
