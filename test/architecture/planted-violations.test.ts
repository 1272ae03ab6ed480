import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkArchitecture } from './support/architecture.ts';
import type { SourceFile } from './support/scan-source.ts';
import { isSource, readTree } from './support/tree.ts';

/** A small tree in which every import is allowed. */
const LEGAL: readonly SourceFile[] = [
  { path: 'src/core/index.ts', text: "export * from './clock.ts';" },
  { path: 'src/core/clock.ts', text: 'export const now = () => Date.now();' },
  { path: 'src/core/errors.ts', text: 'export const pattern = /["\'`]/;\nexport const half = 4 / 2;' },
  { path: 'src/runtime/index.ts', text: "export { isolate } from './isolate/isolate.ts';" },
  {
    path: 'src/runtime/isolate/isolate.ts',
    text: "import ivm from 'isolated-vm';\nexport const isolate = ivm;",
  },
  { path: 'src/runtime/guest/dispatcher.js', text: '"use strict";' },
  { path: 'src/hostservices/index.ts', text: "import { kv } from './kv/index.ts';\nexport { kv };" },
  { path: 'src/hostservices/schemas.ts', text: "export { schema } from './kv/schema.ts';" },
  { path: 'src/hostservices/kv/index.ts', text: "export { kv } from './provider.ts';" },
  {
    path: 'src/hostservices/kv/schema.ts',
    text: "import { z } from 'zod';\nexport const schema = z.string();",
  },
  {
    path: 'src/hostservices/kv/provider.ts',
    text: "import { Kvm } from '@nats-io/kv';\nexport const kv = Kvm;",
  },
  {
    path: 'src/hostservices/objectstore/provider.ts',
    text: "import { now } from '../../core/index.ts';\nnow();",
  },
  { path: 'src/triggers/index.ts', text: "export type { Subscription } from '@nats-io/nats-core';" },
  { path: 'src/triggers/schemas.ts', text: 'export const schemas = {};' },
  { path: 'src/cell/main.ts', text: "import {\n  isolate,\n} from '../runtime/index.ts';\nisolate;" },
  { path: 'src/control/index.ts', text: "export { now } from '../core/index.ts';" },
  { path: 'src/host/index.ts', text: "export * from '../hostservices/schemas.ts';" },
  { path: 'src/host/environment.ts', text: 'export const home = process.env.HOME;' },
  { path: 'src/host/bundle/index.ts', text: "export { bundle } from './bundle.ts';" },
  {
    path: 'src/host/bundle/bundle.ts',
    text: '// setTimeout and process.env in a comment\nexport const bundle = "process.env";',
  },
  {
    path: 'src/cli/main.ts',
    text: "import '../host/index.ts';\nawait import('./commands/up.ts');\nprocess.env;",
  },
  { path: 'src/cli/commands/up.ts', text: 'setTimeout(() => {}, 1);\nexport {};' },
  { path: 'bin/hairspring.js', text: "import { run } from './runtime.js';\nawait import(run);" },
  { path: 'bin/runtime.js', text: "import fs from 'node:fs';\nexport const run = fs;" },
  {
    path: 'examples/hello/src/index.ts',
    text: "import type { Handler } from 'hairspring/guest';\nimport './x.ts';",
  },
];

interface Plant {
  readonly rule: string;
  readonly file: string;
  /** Put in front of the file's text. */
  readonly code: string;
}

const PLANTS: readonly Plant[] = [
  { rule: 'layer', file: 'src/core/errors.ts', code: "import { isolate } from '../runtime/index.ts';" },
  { rule: 'layer', file: 'src/core/errors.ts', code: "import type { x } from '../host/index.ts';" },
  { rule: 'layer', file: 'src/runtime/index.ts', code: "export { kv } from '../hostservices/index.ts';" },
  { rule: 'layer', file: 'src/control/index.ts', code: "const host = await import('../host/index.ts');" },
  { rule: 'layer', file: 'src/host/index.ts', code: "import {\n  isolate,\n} from '../runtime/index.ts';" },
  { rule: 'layer', file: 'src/host/index.ts', code: "import { kv } from '../hostservices/index.ts';" },
  { rule: 'layer', file: 'src/control/index.ts', code: "import '../hostservices/schemas.ts';" },
  { rule: 'layer', file: 'src/triggers/index.ts', code: "type Kv = import('../hostservices/index.ts').Kv;" },
  { rule: 'layer', file: 'src/cell/main.ts', code: "import { now } from '../control/index.ts';" },
  { rule: 'layer', file: 'src/cli/main.ts', code: "import '../cell/main.ts';" },
  { rule: 'door', file: 'src/control/index.ts', code: "import { now } from '../core/clock.ts';" },
  { rule: 'door', file: 'src/host/environment.ts', code: "import { bundle } from './bundle/bundle.ts';" },
  { rule: 'stranger', file: 'src/hostservices/kv/provider.ts', code: "import '../objectstore/provider.ts';" },
  {
    rule: 'cycle',
    file: 'src/hostservices/kv/provider.ts',
    code: "import type { kv as K } from './index.ts';",
  },
  { rule: 'opentelemetry', file: 'src/cell/main.ts', code: "import '@opentelemetry/api';" },
  { rule: 'isolated-vm', file: 'src/cell/main.ts', code: "import ivm from 'isolated-vm';" },
  { rule: 'isolated-vm', file: 'src/runtime/index.ts', code: "const ivm = require('isolated-vm');" },
  {
    rule: 'nats-client',
    file: 'src/runtime/index.ts',
    code: "import { connect } from '@nats-io/transport-node';",
  },
  {
    rule: 'nats-client',
    file: 'src/hostservices/kv/schema.ts',
    code: "import type { KV } from '@nats-io/kv';",
  },
  { rule: 'environment', file: 'src/host/index.ts', code: 'const home = process.env.HOME;' },
  { rule: 'environment', file: 'src/core/errors.ts', code: 'const home = `$' + '{process.env.HOME}`;' },
  { rule: 'clock', file: 'src/control/index.ts', code: 'const at = Date.now();' },
  { rule: 'clock', file: 'src/host/index.ts', code: 'setInterval(() => {}, 5);' },
  { rule: 'clock', file: 'src/core/errors.ts', code: 'const later = (f: () => void) => setTimeout(f, 1);' },
  {
    rule: 'clock',
    file: 'src/host/index.ts',
    code: "import { setTimeout as sleep } from 'node:timers/promises';",
  },
  { rule: 'guest', file: 'src/runtime/guest/dispatcher.js', code: "import 'node:fs';" },
  { rule: 'launcher', file: 'bin/runtime.js', code: "import { run } from '../src/cli/main.ts';" },
  { rule: 'launcher', file: 'bin/hairspring.js', code: "import pc from 'picocolors';" },
  {
    rule: 'example',
    file: 'examples/hello/src/index.ts',
    code: "import { x } from '../../../src/core/index.ts';",
  },
  { rule: 'example', file: 'examples/hello/src/index.ts', code: "import { x } from 'hairspring/host';" },
  { rule: 'computed-import', file: 'src/cli/main.ts', code: 'await import(name);' },
  { rule: 'missing', file: 'src/cli/main.ts', code: "import { x } from './nowhere.ts';" },
  { rule: 'outside-src', file: 'src/cli/main.ts', code: "import { x } from '../../test/support/nats.ts';" },
];

const plantIn = (tree: readonly SourceFile[], { file, code }: Plant): readonly SourceFile[] =>
  tree.map(({ path, text }) => ({ path, text: path === file ? `${code}\n${text}` : text }));

test('A tree in which every import is allowed has no violation', () => {
  assert.deepEqual(checkArchitecture(LEGAL).violations, []);
});

for (const plant of PLANTS) {
  test(`Planted in ${plant.file}, ${JSON.stringify(plant.code)} breaks the rule "${plant.rule}" and no other`, () => {
    const { violations } = checkArchitecture(plantIn(LEGAL, plant));
    assert.deepEqual(
      [...new Set(violations.map(({ rule, file }) => `${rule} ${file}`))],
      [`${plant.rule} ${plant.file}`],
    );
  });
}

test('A forbidden import planted in the real tree is found', () => {
  const tree = readTree(isSource);
  const plant = { rule: 'layer', file: 'src/core/errors.ts', code: "import '../control/types.ts';" };
  const before = checkArchitecture(tree).violations.length;
  assert.ok(checkArchitecture(plantIn(tree, plant)).violations.length > before);
});
