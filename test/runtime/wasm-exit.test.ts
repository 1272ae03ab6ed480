/** What ends itself has ended: no handler of its own goes on after that, and the caller hears the exit code. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileComponent, ECHO, type ImportText } from '../support/component/index.ts';
import { createTestFunction, type TestFunction } from '../support/functions.ts';
import { command, compileWat, reactor, writeFd } from '../support/wasm.ts';

const TEXTS = '(data (i32.const 512) "went on")';
const WENT_ON = writeFd(2, 512, '(i32.const 7)');

/** What it wrote to standard error. */
const said = ({ logs }: TestFunction): readonly string[] =>
  logs.filter(({ level }) => level === 'info').map(({ text }) => text);

/** Instructions that end with `code`, catch that, and go on. */
function caughtExit(code: number): string {
  return `(try (do (call $proc_exit (i32.const ${code}))) (catch_all)) ${WENT_ON}`;
}

function initialized(module: string): string {
  return module.replace(/\)$/, `(func (export "_initialize") ${caughtExit(4)}))`);
}

const EXIT_IMPORTS: readonly ImportText[] = [
  { from: 'wasi:cli/exit@0.2.0', functions: [{ name: 'exit', params: [['result', null, null]] }] },
];

const MODULES = {
  'A command': { code: compileWat(command(caughtExit(3), TEXTS)), says: /exit code 3$/ },
  'A reactor': {
    code: compileWat(reactor(caughtExit(3), TEXTS)),
    says: /exit code 3 before it had answered/,
  },
  'A reactor that ends with 0': {
    code: compileWat(reactor(caughtExit(0), TEXTS)),
    says: /exit code 0 before it had answered/,
  },
  'A reactor that is used again': {
    code: compileWat(reactor(caughtExit(3), TEXTS), { reuse: true }),
    says: /exit code 3/,
  },
  'A reactor that begins': {
    code: compileWat(
      initialized(reactor(WENT_ON, `${TEXTS} (func $unused (call $proc_exit (i32.const 1)))`)),
    ),
    says: /exit code 4/,
  },
  'A component': {
    code: compileComponent({
      body: `(try (do (call $exit (i32.const 1))) (catch_all)) ${ECHO}`,
      rest: '(import "host" "exit" (func $exit (param i32)))',
      imports: EXIT_IMPORTS,
    }),
    says: /exit code 1 before it had answered/,
  },
};

for (const [what, { code, says }] of Object.entries(MODULES)) {
  test(`${what} that catches its own exit does not go on`, async () => {
    using probe = createTestFunction(code);
    for (let round = 0; round < 2; round += 1) {
      const answer = await probe.call();
      assert.ok(!answer.ok, 'it went on and answered');
      assert.equal(answer.error.code, 'HS_FUNCTION_EXIT');
      assert.match(answer.error.message, says);
    }
    assert.deepEqual(said(probe), []);
  });
}

test('A command that catches its exit with 0 has answered', async () => {
  const body = `${writeFd(1, 512, '(i32.const 4)')} ${caughtExit(0)} ${writeFd(1, 516, '(i32.const 3)')}`;
  using probe = createTestFunction(compileWat(command(body, TEXTS)));
  assert.equal(await probe.text(), 'went');
  assert.deepEqual(said(probe), []);
});
