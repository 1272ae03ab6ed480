import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleSubject } from '../../src/cli/deploy/sample.ts';
import { addHeader, joinHeaders } from '../../src/cli/shell/add-header.ts';
import { createColors } from '../../src/cli/shell/colors.ts';
import { renderError } from '../../src/cli/shell/error-text.ts';
import { printable } from '../../src/cli/shell/printable.ts';
import { renderTable } from '../../src/cli/shell/table.ts';
import { HairspringError, parseSubjectPattern, subjectMatches } from '../../src/core/index.ts';

const plain = createColors(false);
const coloured = createColors(true);

test('A table is aligned by what is visible, with colours or without', () => {
  const rows = (paint: typeof plain): string[][] => [
    [paint.dim('NAME'), 'STATE'],
    [paint.bold('a-long-name'), 'warm'],
  ];
  assert.equal(renderTable(rows(plain)), 'NAME         STATE\na-long-name  warm');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is removed
  const uncoloured = renderTable(rows(coloured)).replace(/\u001b\[\d+m/g, '');
  assert.equal(uncoloured, renderTable(rows(plain)));
});

test('An error without a hint of its own shows the remedy of its code', () => {
  const text = renderError(new HairspringError('HS_NO_NODE', 'Cannot list: nobody'), plain);
  assert.equal(
    text,
    'error HS_NO_NODE: Cannot list: nobody\nhint: Start one with `hairspring up`, or check --server and --namespace',
  );
});

test('The caret stands under the column, also after tabs', () => {
  const error = new HairspringError('HS_SOURCE_INVALID', 'Cannot build', {
    position: { file: 'a.js', line: 12, column: 4, lineText: '\t\tx y' },
    hint: 'Mend it\n- and this',
  });
  assert.equal(
    renderError(error, plain),
    'error HS_SOURCE_INVALID: Cannot build\n  a.js:12:4\n  12 | \t\tx y\n     | \t\t ^\nhint: Mend it\n      - and this',
  );
});

test('Control characters are written out, line breaks and tabs stay', () => {
  assert.equal(printable('a\u001b[2J\u0007\u009b\tb\r\nc'), 'a\\x1b[2J\\x07\\x9b\tb\nc');
});

test('A sample subject is literal and caught by its trigger', () => {
  for (const [pattern, expected] of [
    ['greet.{lang}.{name}', 'greet.en.ada'],
    ['sensors.*.temperature', 'sensors.example.temperature'],
    ['logs.{path>}', 'logs.path'],
    ['all.>', 'all.example'],
    ['plain', 'plain'],
  ] as const) {
    const parsed = parseSubjectPattern(pattern);
    assert.ok(typeof parsed === 'object');
    const subject = sampleSubject({ ...parsed, kind: 'subject', fanout: false });
    assert.equal(subject, expected);
    assert.ok(subjectMatches(parsed.subject, subject));
  }
});

test('A header that is given twice has both values', () => {
  const headers = addHeader('a: 2', addHeader('b:x', addHeader('a:1')));
  assert.deepEqual(headers, { a: ['1', '2'], b: ['x'] });
  assert.deepEqual(joinHeaders(headers), { a: '1, 2', b: 'x' });
});
