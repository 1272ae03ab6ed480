import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { createTemplate } from '../../src/cli/init/templates.ts';
import { ROOT } from '../architecture/support/tree.ts';

const packed = z
  .tuple([z.object({ files: z.array(z.object({ path: z.string() })) })])
  .transform(([{ files }]) => files.map(({ path }) => path));

/** Files and folders of the repository that the program names in strings, which is where messages are made. */
const NAMED = /(?<![\w/.])(?:docs|schema|wit|examples)\/[\w./-]*\w/g;

test('What messages, help and templates name is in the package', () => {
  const out = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const files = packed.parse(JSON.parse(out));
  const named = new Set<string>();
  const sources = globSync('src/{cli,core,host,control,hostservices,triggers}/**/*.ts', { cwd: ROOT });
  for (const path of [...sources, 'guest.d.ts', 'README.md']) {
    for (const line of readFileSync(join(ROOT, path), 'utf8').split('\n')) {
      if (/^\s*(?:\/\/|\/?\*)/.test(line)) continue;
      // What is to be run is of the working folder.
      for (const [found] of line.replace(/hairspring \w+ [^'`]*/g, '').matchAll(NAMED)) named.add(found);
    }
  }
  for (const [, found = ''] of createTemplate('one', true)['Nexfile']?.matchAll(/hairspring\/(\S+)/g) ?? [])
    named.add(found);
  assert.ok(named.has('schema/nexfile.schema.json') && named.size > 5, [...named].join(', '));
  const isThere = (path: string): boolean =>
    files.some((file) => file === path || file.startsWith(`${path}/`));
  assert.deepEqual(
    [...named].filter((path) => !isThere(path)),
    [],
  );
});
