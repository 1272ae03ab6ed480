import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { HairspringError } from '../../src/core/index.ts';
import {
  findNexfile,
  findNexfiles,
  nexfileJsonSchema,
  parseNexfile,
  startRequestJsonSchema,
} from '../../src/host/manifest/index.ts';

const ROOT = new URL('../../', import.meta.url);

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

function keysIn(node: SchemaNode): string[] {
  const inner = typeof node.additionalProperties === 'object' ? [node.additionalProperties] : [];
  const others = [...inner, ...(node.items === undefined ? [] : [node.items]), ...(node.anyOf ?? [])];
  return [
    ...Object.entries(node.properties ?? {}).flatMap(([key, value]) => [key, ...keysIn(value)]),
    ...others.flatMap(keysIn),
  ];
}

function isMissing(error: unknown): boolean {
  return HairspringError.is(error) && error.code === 'HS_NEXFILE_MISSING';
}

test('The published schema is the one that the code makes', async () => {
  const published = await readFile(new URL('schema/nexfile.schema.json', ROOT), 'utf8');
  assert.deepEqual(
    JSON.parse(published),
    JSON.parse(nexfileJsonSchema()),
    'run `node scripts/generate-schema.ts`, then `npm run format`',
  );
});

test('The schema of a start request is self-contained draft-07', () => {
  const text = startRequestJsonSchema();
  const schema = JSON.parse(text) as { $schema: string; properties: object };
  assert.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#');
  assert.doesNotMatch(text, /"\$ref"|\(\?[=!<]/);
  const keys = ['main', 'uri', 'triggers', 'bindings', 'environment', 'files', 'reuse', 'limits'];
  assert.deepEqual(Object.keys(schema.properties), keys);
});

test('docs/nexfile.md explains every key of the schema', async () => {
  const docs = await readFile(new URL('docs/nexfile.md', ROOT), 'utf8');
  const keys = keysIn(JSON.parse(nexfileJsonSchema()) as SchemaNode);
  assert.ok(keys.length > 20, `only ${keys.length} keys found`);
  for (const key of keys) assert.ok(docs.includes(`\`${key}\``), `docs/nexfile.md lacks \`${key}\``);
});

test('The complete Nexfile in docs/nexfile.md is accepted', async () => {
  const docs = await readFile(new URL('docs/nexfile.md', ROOT), 'utf8');
  const yaml = /```yaml\n(name: [\s\S]*?)```/.exec(docs)?.[1];
  assert.ok(yaml !== undefined);
  assert.ok(parseNexfile(yaml, 'docs/nexfile.md').start.triggers.length > 0);
});

test('A Nexfile is found by its folder or its own name', async () => {
  const folder = new URL('examples/hello', ROOT).pathname;
  assert.equal(await findNexfile(folder), `${folder}/Nexfile`);
  assert.equal(await findNexfile(`${folder}/Nexfile`), `${folder}/Nexfile`);
  await assert.rejects(findNexfile(`${folder}/src`), isMissing);
  await assert.rejects(findNexfile(`${folder}/nothing`), isMissing);
});

test('A folder of functions gives all their Nexfiles', async () => {
  const folder = new URL('examples', ROOT).pathname;
  const found = await findNexfiles(folder);
  for (const name of ['hello', 'kv-counter', 'wildcards']) {
    assert.ok(found.includes(`${folder}/${name}/Nexfile`), name);
  }
  assert.deepEqual(await findNexfiles(`${folder}/hello`), [`${folder}/hello/Nexfile`]);
  await assert.rejects(findNexfiles(`${folder}/hello/src`), isMissing);
});
