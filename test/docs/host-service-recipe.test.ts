/** docs/writing-a-host-service.md names the files that a host service has, and those that name it. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { plain, tableUnder } from '../architecture/support/markdown.ts';
import { CONFORMANCE } from '../hostservices/conformance.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const recipe = read('docs/writing-a-host-service.md');

const EVERY = Object.keys(CONFORMANCE).toSorted();

/** Whose provider has it in one of its files. */
function saying(text: string): readonly string[] {
  return EVERY.filter((service) =>
    globSync(`src/hostservices/${service}/provider*.ts`, { cwd: ROOT }).some((file) =>
      read(file).includes(text),
    ),
  );
}

/** What the words of the column "who has it" stand for. */
const WHO: Readonly<Record<string, readonly string[]>> = {
  'every service': EVERY,
  'services that go by NATS': saying("from '@nats-io/"),
  'services that create something': EVERY.filter((service) =>
    read('src/hostservices/provision.ts').includes(`'./${service}/provider-provision.ts'`),
  ),
};

/** Registry tables in which a service may be left out. */
const PARTIAL = ['src/hostservices/provision.ts'];

function having(file: string): readonly string[] {
  return EVERY.filter((service) => existsSync(join(ROOT, 'src/hostservices', service, file)));
}

test('The recipe lists the files that the folders of host services have in common, and who has them', () => {
  const rows = tableUnder(recipe, 'Files of the folder');
  for (const [file = '', who = ''] of rows) assert.deepEqual(having(plain(file)), WHO[who], plain(file));
  const listed = rows.map(([file = '']) => plain(file));
  const files = new Set(
    globSync('src/hostservices/*/*', { cwd: ROOT }).map((path) => path.split('/').at(-1) ?? ''),
  );
  const common = [...files].filter((file) => having(file).length > EVERY.length / 2);
  assert.deepEqual(
    common.filter((file) => !listed.includes(file) && !file.startsWith('provider-')),
    [],
  );
});

test('The recipe lists every file that names each host service, and no other', () => {
  const listed = tableUnder(recipe, 'Registry lines').map(([file = '']) => plain(file));
  const naming = globSync('src/**/*.ts', { cwd: ROOT }).filter((file) => {
    if (EVERY.some((service) => file.startsWith(`src/hostservices/${service}/`))) return false;
    const text = read(file);
    const names = (service: string): boolean =>
      new RegExp(`['"]${service}['"]|/${service}/|^ {2}${service}:`, 'm').test(text);
    return EVERY.every(names);
  });
  const exempt = ['src/core/host-service-codes.ts', 'src/triggers/schemas.ts', ...PARTIAL];
  assert.deepEqual(
    naming.filter((file) => !listed.includes(file) && !exempt.includes(file)),
    [],
  );
  assert.deepEqual(
    listed.filter((file) => !naming.includes(file) && !exempt.includes(file)),
    [],
  );
});

test('Every file that the recipe names is there', () => {
  for (const heading of ['Registry lines', 'Types and documents', 'Tests'])
    for (const [file = ''] of tableUnder(recipe, heading))
      assert.ok(existsSync(join(ROOT, plain(file))), file);
});
