import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';
import { createColors } from '../../src/cli/shell/colors.ts';
import { readEnvironment } from '../../src/cli/shell/environment.ts';
import { renderError } from '../../src/cli/shell/error-text.ts';
import { EXIT, exitCodeOf } from '../../src/cli/shell/exit-codes.ts';
import { ERROR_CODES, HairspringError, isErrorCode } from '../../src/core/index.ts';
import { defaultCacheDir, parseNexfile } from '../../src/host/index.ts';
import { ROOT } from '../architecture/support/tree.ts';

const DOCUMENT = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const ERRORS = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

const program = createProgram({ env: readEnvironment({}), exitCode: EXIT.ok, outlivesReader: false }, '');
const GLOBAL = new Set(['--help', ...program.options.map(({ long }) => long ?? '')]);

/** The text of the section under `## heading`. */
function section(heading: string): string {
  const [, text = ''] =
    new RegExp(`^## ${heading}\\n([\\s\\S]*?)(?=^## |(?![\\s\\S]))`, 'm').exec(DOCUMENT) ?? [];
  return text;
}

/** First cells of the tables in `text` that are code. */
function documented(text: string): readonly string[] {
  return [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, flags = '']) => flags);
}

test('docs/cli.md has a section for each command, with its aliases', () => {
  const listed = [...section('Commands').matchAll(/^\| \[`(\w+)`\]\(#\w+\)(?:, `(\w+)`)?/gm)];
  assert.deepEqual(
    listed.map(([, name, alias]) => [name, alias]),
    program.commands.map((command) => [command.name(), command.alias()]),
  );
});

/** What stands behind `hairspring`. */
function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null || parent === program ? command.name() : `${pathOf(parent)} ${command.name()}`;
}

for (const command of program.commands.flatMap((each) => [each, ...each.commands])) {
  test(`docs/cli.md shows the usage and exactly the options of ${pathOf(command)}`, () => {
    const text = section(pathOf(command));
    const usage = command.registeredArguments.map((argument) => {
      const inner = `${argument.name()}${argument.variadic ? '...' : ''}`;
      return argument.required ? ` <${inner}>` : ` [${inner}]`;
    });
    assert.ok(text.includes(`\`hairspring ${pathOf(command)}${usage.join('')}\``), text);
    const own = command.options.filter(({ long }) => !GLOBAL.has(long ?? '')).map(({ flags }) => flags);
    assert.deepEqual(documented(text), own);
    assert.equal(text.replaceAll('\n', ' ').includes('no options of its own'), own.length === 0);
  });

  test(`The help of ${pathOf(command)} shows its options and an example`, () => {
    let help = '';
    command.configureOutput({
      writeOut(text) {
        help += text;
      },
    });
    command.outputHelp();
    for (const { flags } of command.options) assert.ok(help.includes(flags), flags);
    const known = program.commands.flatMap((each) => [each.name(), ...each.aliases()]);
    for (const [, first = ''] of help.matchAll(/\$ hairspring (\S+)/g))
      assert.ok(known.includes(first), first);
    assert.match(help, new RegExp(`Examples:\\n {2}\\$ .*\\b(?:${command.name()}|${command.alias()})\\b`));
  });
}

test('docs/cli.md shows exactly the global options', () => {
  const flags = program.options.map((option) => option.flags).filter((each) => !each.includes('--version'));
  assert.deepEqual(documented(section('Global options')), [...flags, '-h, --help']);
});

/** The options of the command that `text` begins with, after `hairspring`; of the program where it names none. */
function optionsOf(text: string): ReadonlySet<string> {
  const longs = new Set(GLOBAL);
  let at: Command | undefined = program;
  for (const word of text.split(/\s+/)) {
    at = at?.commands.find((each: Command) => [each.name(), each.alias()].includes(word));
    for (const { long } of at?.options ?? []) longs.add(long ?? '');
  }
  return longs;
}

test('Each option that a document or an error gives to a command is one of it', () => {
  const texts = [
    ...globSync('{README.md,docs/**/*.md,examples/**/README.md}', { cwd: ROOT }).map(
      (path) => [path, readFileSync(join(ROOT, path), 'utf8')] as const,
    ),
    ...Object.entries(ERROR_CODES).map(([code, { remedy }]) => [code, remedy] as const),
  ];
  const wrong: string[] = [];
  let seen = 0;
  for (const [where, text] of texts) {
    for (const [, line = ''] of text.matchAll(/(?:^|`|\$ )hairspring ([^`\n|#]+)/gm)) {
      const options = optionsOf(line.split(' -- ', 1)[0] ?? '');
      for (const [option] of line.matchAll(/(?<=\s)--[a-z][a-z-]*/g)) {
        seen += 1;
        if (!options.has(option)) wrong.push(`${where}: ${line.trim()}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(seen > 20, `${seen} options seen`);
});

test('Each option that stands alone in a remedy, in docs/cli.md or in docs/control-plane.md is one of some command', () => {
  const every = new Set(
    [...program.commands.flatMap((one) => [one, ...one.commands]), program].flatMap((one) =>
      one.options.map(({ long }) => long ?? ''),
    ),
  );
  // Those of other programs are in a command of theirs.
  const remedies = Object.values(ERROR_CODES).map(({ remedy }) =>
    remedy.replace(/`(?:nats|npm|nsc) [^`]*`/g, ''),
  );
  const documents = ['cli.md', 'control-plane.md'].map((name) =>
    readFileSync(join(ROOT, 'docs', name), 'utf8'),
  );
  const named = [
    ...remedies.flatMap((text) => [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)]),
    ...documents.flatMap((text) => [...text.matchAll(/(?<=`)--[a-z][a-z-]*/g)]),
  ].map(([option]) => option);
  assert.ok(named.length > 30, `${named.length} options seen`);
  assert.deepEqual(
    named.filter((option) => !every.has(option) && option !== '--help'),
    [],
  );
});

test('docs/cli.md and docs/errors.md list the exit codes of the program', () => {
  const codes = Object.values(EXIT).map(String);
  const listed = (text: string): readonly string[] =>
    [...text.matchAll(/^\| (\d+) \|/gm)].map(([, code = '']) => code);
  assert.deepEqual(listed(section('Exit codes')), codes);
  assert.deepEqual(listed(ERRORS), codes);
});

test('Every error code has an exit code, and none of them is success', () => {
  const codes = Object.keys(ERROR_CODES).filter(isErrorCode);
  assert.ok(codes.length > 30);
  for (const code of codes) assert.ok(exitCodeOf(code) > 0, code);
});

test('The cache folder of the command line is the one of the host', () => {
  for (const env of [
    { HOME: '/somewhere' },
    { HOME: '/somewhere', XDG_CACHE_HOME: '/cache' },
    { HOME: '/somewhere', XDG_CACHE_HOME: '/cache', HAIRSPRING_CACHE: '/mine' },
  ]) {
    assert.equal(readEnvironment(env).cacheDir, defaultCacheDir(env));
  }
});

test('The text of each help fills the lines of a terminal', () => {
  const ragged: string[] = [];
  for (const command of program.commands) {
    const [text = ''] = command.helpInformation().split(/\n(?:Options|Global options|Commands):\n/);
    const lines = text.split('\n');
    for (const [index, line] of lines.entries()) {
      const [next = ''] = lines[index + 1]?.split(' ') ?? [];
      if (line !== '' && next !== '' && `${line} ${next}`.length < 80)
        ragged.push(`${command.name()}: ${line}`);
    }
  }
  assert.deepEqual(ragged, []);
});

test('The error that docs/errors.md shows is the one of the program', () => {
  const nexfile =
    'name: hello\ntype: javascript\nlifecycle: function\ndescription: Greets\nstart_request:\n  main: src/index.js\n  limit: { timeout: 5s }\n';
  assert.throws(
    () => parseNexfile(nexfile, 'hello/Nexfile'),
    (error) => {
      assert.ok(ERRORS.includes(renderError(HairspringError.from(error), createColors(false))));
      return true;
    },
  );
});
