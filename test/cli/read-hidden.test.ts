import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { readLine } from '../../src/cli/secret/read-hidden.ts';

const USAGE = { code: 'HS_USAGE' };

/** The line that is read of what comes in these pieces, and `pauseMs` after each. */
async function lineOf(
  { mock: { timers } }: TestContext,
  pieces: readonly string[],
  pauseMs: number,
): Promise<{ readonly line: string | undefined; readonly left: string }> {
  timers.enable({ apis: ['setTimeout'] });
  const typed = new PassThrough({ encoding: 'utf8' });
  let ended = false;
  const reading = readLine(typed).finally(() => {
    ended = true;
  });
  // Its outcome is looked at when all has been typed.
  reading.catch(() => undefined);
  const left: string[] = [];
  for (const piece of pieces) {
    if (ended) left.push(piece);
    else typed.write(piece);
    await turns();
    timers.tick(pauseMs);
    await turns();
  }
  timers.tick(10_000);
  await turns();
  timers.tick(10_000);
  return { line: await reading, left: left.join('') };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await setImmediate();
}

test('A line is read as far as its end, however it is typed', async (context) => {
  assert.deepEqual(await lineOf(context, ['v', 'alu', 'x', '\u007f', 'e', '\r'], 500), {
    line: 'value',
    left: '',
  });
});

test('What is typed by hand after a line is not its business', async (context) => {
  assert.deepEqual(await lineOf(context, ['value\r', 'ls\r'], 500), { line: 'value', left: 'ls\r' });
});

test('Lines that come one at a time without a pause are a value of several lines', async (context) => {
  await assert.rejects(lineOf(context, ['-----BEGIN-----\r', 'second\r', 'third\r'], 20), USAGE);
});

test('A line that came while the process had to wait is found after the pause', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const typed = new PassThrough({ encoding: 'utf8' });
  const reading = readLine(typed);
  reading.catch(() => undefined);
  typed.write('-----BEGIN-----\r');
  await turns();
  // Both at once: the pause is over, and its promises are run before the stream is read.
  context.mock.timers.tick(200);
  process.nextTick(() => typed.write('second\r'));
  await turns();
  context.mock.timers.tick(200);
  await assert.rejects(reading, USAGE);
});
