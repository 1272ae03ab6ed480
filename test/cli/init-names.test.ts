import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTemplate } from '../../src/cli/init/templates.ts';
import { isToken } from '../../src/core/index.ts';
import { parseNexfile } from '../../src/host/index.ts';

const NAMES =
  '2048 1e3 0x1F 0o17 0b1 1_000 07 12-01 2001-01-01 -5 - -- --- -x _ _1 true True FALSE null NULL yes No on OFF y N nan inf hello a-b'.split(
    ' ',
  );

test('A new function may have any name that is one, also what YAML reads as a number, a truth value or nothing', () => {
  for (const name of NAMES) {
    assert.ok(isToken(name), name);
    const { Nexfile = '' } = createTemplate(name, false);
    const manifest = parseNexfile(Nexfile, 'Nexfile');
    assert.equal(manifest.name, name, Nexfile);
    assert.partialDeepStrictEqual(manifest.start.triggers, [{ pattern: `${name}.{name}` }]);
  }
  assert.match(createTemplate('hello', false)['Nexfile'] ?? '', /^name: hello\n/m);
});
