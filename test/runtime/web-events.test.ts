import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestFunction, handlerOf } from '../support/functions.ts';

async function evaluate(body: string): Promise<unknown> {
  using probe = createTestFunction(handlerOf(`return JSON.stringify(await (async () => { ${body} })())`));
  return JSON.parse((await probe.text()) || 'null');
}

test('A DOMException is an error to the language, with a name, a code, a cause and a stack', async () => {
  const seen = await evaluate(`
    const error = new DOMException('gone', { name: 'AbortError', cause: 7 });
    return [error instanceof Error, Error.isError(error), error.name, error.code, error.message, error.cause,
      error.stack.startsWith('AbortError: gone\\n    at '), Object.hasOwn(error, 'message')];
  `);
  assert.deepEqual(seen, [true, true, 'AbortError', 20, 'gone', 7, true, false]);
});

test('Listeners run in order, once where asked, and one that throws stops no other', async () => {
  using probe = createTestFunction(
    handlerOf(`
      const target = new EventTarget();
      const seen = [];
      target.addEventListener('a', () => { seen.push(1); throw new Error('the first one failed'); });
      target.addEventListener('a', { handleEvent() { seen.push(2); } }, { once: true });
      target.addEventListener('a', (event) => { seen.push(event.target === target, event.isTrusted); });
      target.dispatchEvent(new Event('a'));
      target.dispatchEvent(new Event('a'));
      return seen.join();
    `),
  );
  assert.equal(await probe.text(), '1,2,true,false,1,true,false');
  assert.match(probe.logs[0]?.text ?? '', /^Uncaught Error: the first one failed\n/);
});

test('A signal of any() follows the first of its sources that is aborted', async () => {
  const seen = await evaluate(`
    const one = new AbortController(), two = new AbortController();
    const quiet = AbortSignal.any([one.signal, two.signal]);
    const heard = AbortSignal.any([quiet]);
    const order = [];
    heard.addEventListener('abort', () => order.push('heard'));
    two.signal.addEventListener('abort', () => order.push('source', quiet.aborted));
    two.abort('second');
    one.abort('first');
    return [quiet.reason, heard.reason, order];
  `);
  assert.deepEqual(seen, ['second', 'second', ['source', true, 'heard']]);
});

test('AbortSignal.timeout aborts with a TimeoutError', async () => {
  const seen = await evaluate(`
    const signal = AbortSignal.timeout(1);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return [signal.aborted, signal.reason.name];
  `);
  assert.deepEqual(seen, [true, 'TimeoutError']);
});

test('AbortSignal.timeout of more than a timer can wait does not abort at once', async () => {
  const seen = await evaluate(`
    const signals = [2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 40 + 0.5, Number.MAX_SAFE_INTEGER].map((ms) => AbortSignal.timeout(ms));
    await new Promise((resolve) => setTimeout(resolve, 20));
    return signals.map(({ aborted }) => aborted);
  `);
  assert.deepEqual(seen, [false, false, false, false, false]);
});

test('A signal takes its listeners away', async () => {
  const seen = await evaluate(`
    const target = new EventTarget(), controller = new AbortController();
    let count = 0;
    target.addEventListener('a', () => count += 1, { signal: controller.signal });
    target.dispatchEvent(new Event('a'));
    controller.abort();
    target.dispatchEvent(new Event('a'));
    return count;
  `);
  assert.equal(seen, 1);
});

test('onerror of the global object hears what nobody catches, and keeps it from the log by true', async () => {
  using probe = createTestFunction(
    handlerOf(`
      const seen = [onerror];
      self.onerror = (...args) => { seen.push(args.length, args[0], args[4].message); return args[4].message === 'quiet'; };
      const isKept = typeof onerror === 'function';
      for (const message of ['quiet', 'loud']) reportError(new Error(message));
      onerror = () => { throw new Error('of the handler'); };
      reportError(new Error('third'));
      self.onerror = null;
      reportError(new Error('fourth'));
      return [isKept, onerror, ...seen];`),
  );
  assert.deepEqual(JSON.parse(await probe.text()), [
    ...[true, null, null],
    ...[5, 'Uncaught Error: quiet', 'quiet'],
    ...[5, 'Uncaught Error: loud', 'loud'],
  ]);
  assert.deepEqual(
    probe.logs.map(({ text }) => /^Uncaught Error: (.*)/.exec(text)?.[1]),
    ['loud', 'of the handler', 'third', 'fourth'],
  );
});
