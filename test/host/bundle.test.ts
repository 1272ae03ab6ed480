import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import {
  HairspringError,
  HOST_LIMITS,
  type JavaScriptArtifact,
  MODULE_GLOBAL,
} from '../../src/core/index.ts';
import {
  type Bundle,
  bundleFunction,
  createBundler,
  decodeArtifact,
  digestOf,
  encodeArtifact,
  wrapModule,
  wrapScript,
} from '../../src/host/bundle/index.ts';
import { findNexfiles, parseNexfile } from '../../src/host/manifest/index.ts';

type Files = Readonly<Record<string, string>>;

async function write(folder: string, files: Files): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

async function project(context: TestContext, files: Files): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'hairspring-bundle-')));
  context.after(() => rm(folder, { recursive: true, force: true }));
  await write(folder, files);
  return folder;
}

async function failure(bundling: Promise<unknown>): Promise<HairspringError> {
  try {
    await bundling;
  } catch (error) {
    assert.ok(HairspringError.is(error), `not a HairspringError: ${String(error)}`);
    return error;
  }
  return assert.fail('it was bundled');
}

/** The default export of a bundle, run as the runtime runs it. */
function exported({ artifact }: Bundle<JavaScriptArtifact>): unknown {
  const module: unknown = runInNewContext(`${artifact.code};${MODULE_GLOBAL}.default`);
  return module;
}

const PACKAGE: Files = {
  'node_modules/shout/package.json': '{"name":"shout","main":"cjs.js","module":"esm.js"}',
  'node_modules/shout/cjs.js': 'module.exports = () => "wrong entry"',
  'node_modules/shout/esm.js': 'export const shout = (text) => text.toUpperCase() + process.env.NODE_ENV',
  'node_modules/old/package.json': '{"name":"old","main":"index.js"}',
  'node_modules/old/index.js': 'exports.twice = (text) => text + text;',
};

const TYPED: Files = {
  ...PACKAGE,
  'src/index.ts': `import { shout } from 'shout';
import { twice } from 'old';
import { end } from './end.ts';
import data from './data.json';
const text: string = shout('é') satisfies string;
export default twice(text + data.x + end);`,
  'src/end.ts': 'export const end: string = "!";',
  'src/data.json': '{"x":1}',
};

test('TypeScript with npm imports becomes one script that leaves its exports in the global', async (context) => {
  const folder = await project(context, TYPED);
  const bundle = await bundleFunction({ entry: 'src/index.ts', folder });
  assert.equal(exported(bundle), 'Éproduction1!Éproduction1!');
  assert.deepEqual(bundle.inputs.map((file) => relative(folder, file)).sort(), [
    'node_modules/old/index.js',
    'node_modules/shout/esm.js',
    'src/data.json',
    'src/end.ts',
    'src/index.ts',
  ]);
  assert.deepEqual(bundle.warnings, []);
  assert.deepEqual(decodeArtifact(bundle.bytes), bundle.artifact);
  assert.equal(bundle.digest, digestOf(bundle.bytes));
});

test('The source map holds the sources by relative names', async (context) => {
  const folder = await project(context, TYPED);
  const { artifact } = await bundleFunction({ entry: 'src/index.ts', folder });
  const map = JSON.parse(artifact.map) as { sources: string[]; sourcesContent: string[] };
  assert.equal(map.sourcesContent[map.sources.indexOf('src/index.ts')], TYPED['src/index.ts']);
});

test('The same sources in another folder give the same digest, and no absolute path', async (context) => {
  const one = await project(context, TYPED);
  const other = await project(context, TYPED);
  const first = await bundleFunction({ entry: 'src/index.ts', folder: one });
  const second = await bundleFunction({ entry: './src/index.ts', folder: relative(process.cwd(), other) });
  assert.equal(second.digest, first.digest);
  const text = new TextDecoder().decode(first.bytes);
  for (const path of [one, tmpdir(), process.cwd()]) assert.ok(!text.includes(path), path);
  await write(one, { 'src/end.ts': 'export const end = "?"' });
  assert.notEqual((await bundleFunction({ entry: 'src/index.ts', folder: one })).digest, first.digest);
});

test('A syntax error is refused with its position, counted in characters', async (context) => {
  const folder = await project(context, { 'src/index.ts': 'export default 1;\nconst é = ;\n' });
  const error = await failure(bundleFunction({ entry: 'src/index.ts', folder }));
  assert.equal(error.code, 'HS_SOURCE_INVALID');
  assert.match(error.message, /^Cannot build .*src\/index\.ts: Unexpected ";"$/);
  assert.deepEqual(error.position, {
    file: relative(process.cwd(), join(folder, 'src/index.ts')),
    line: 2,
    column: 11,
    lineText: 'const é = ;',
  });
});

test('A missing source file is refused by name', async (context) => {
  const folder = await project(context, {});
  for (const bundling of [bundleFunction, createBundler]) {
    const error = await failure(bundling({ entry: 'src/gone.ts', folder }));
    assert.equal(error.code, 'HS_SOURCE_MISSING');
    assert.match(error.message, /"src\/gone\.ts"/);
    assert.match(error.hint ?? '', /start_request\.main/);
  }
});

test('A missing import is refused with the file, the specifier and the remedy', async (context) => {
  const folder = await project(context, {
    'file.js': 'import "./nope.js"; export default 1',
    'package.js': 'import "@a/b/c"; import "left-pad"; export default 1',
  });
  const file = await failure(bundleFunction({ entry: 'file.js', folder }));
  assert.equal(file.code, 'HS_SOURCE_MISSING');
  assert.match(file.message, /^Cannot find "\.\/nope\.js", imported by .*file\.js$/);
  assert.deepEqual([file.position?.line, file.position?.column], [1, 8]);
  const pack = await failure(bundleFunction({ entry: 'package.js', folder }));
  assert.match(pack.hint ?? '', /npm install @a\/b\n1 more:\n- .*"left-pad"/);
});

test('An import of a Node built-in is refused with the reason, with and without node:', async (context) => {
  for (const specifier of ['node:fs', 'fs/promises', 'node:test']) {
    const folder = await project(context, { 'index.js': `import x from '${specifier}'; export default x` });
    const error = await failure(bundleFunction({ entry: 'index.js', folder }));
    assert.equal(error.code, 'HS_SOURCE_MISSING');
    assert.ok(error.message.includes(`"${specifier}"`));
    assert.match(error.hint ?? '', /part of Node/);
  }
});

test('Top-level await is refused with the remedy', async (context) => {
  const folder = await project(context, { 'index.js': 'await 1; export default {}' });
  const error = await failure(bundleFunction({ entry: 'index.js', folder }));
  assert.equal(error.code, 'HS_SOURCE_INVALID');
  assert.match(error.hint ?? '', /Await inside the handler/);
});

test('A warning names its position and does not stop the build', async (context) => {
  const folder = await project(context, { 'index.js': 'export default typeof import.meta.url' });
  const { warnings } = await bundleFunction({ entry: 'index.js', folder });
  assert.match(warnings.join(), /index\.js:1:23: "import\.meta" is not available/);
});

test('Decorators are compiled, and using is left to the engine', async (context) => {
  const source = `const seen = [];
const note = (value, { name }) => { seen.push(name); };
class A { @note run() {} }
{ using gone = { [Symbol.dispose]: () => seen.push('disposed') }; }
export default seen.join();`;
  const folder = await project(context, { 'index.js': source });
  assert.equal(exported(await bundleFunction({ entry: 'index.js', folder })), 'run,disposed');
});

test('An artifact over the limit is refused with its size', () => {
  const code = 'x'.repeat(HOST_LIMITS.artifactBytes);
  assert.throws(
    () => encodeArtifact({ format: 1, type: 'javascript', code, map: '' }),
    (error) =>
      HairspringError.is(error) &&
      error.code === 'HS_ARTIFACT_TOO_LARGE' &&
      /33554\d+ bytes/.test(error.message),
  );
});

test('Bytes that are not an artifact are corrupt', () => {
  for (const text of ['', '{}', 'null', '{"format":2,"type":"javascript","code":"","map":""}', '\xff']) {
    assert.throws(
      () => decodeArtifact(Buffer.from(text, 'latin1')),
      (error) => HairspringError.is(error) && error.code === 'HS_ARTIFACT_CORRUPT',
      text,
    );
  }
});

test('A bundler builds what has changed, survives a bad state, and is disposed twice', async (context) => {
  const folder = await project(context, {
    'index.ts': 'import { a } from "./a.ts"; export default a',
    'a.ts': 'export const a = 1',
  });
  const options = { entry: 'index.ts', folder };
  const bundler = await createBundler(options);
  context.after(() => bundler[Symbol.asyncDispose]());
  assert.equal(exported(await bundler.rebuild()), 1);
  await write(folder, { 'a.ts': 'export const a = ;' });
  assert.equal((await failure(bundler.rebuild())).code, 'HS_SOURCE_INVALID');
  await write(folder, { 'a.ts': 'export const a = 2' });
  const rebuilt = await bundler.rebuild();
  assert.equal(exported(rebuilt), 2);
  assert.equal(rebuilt.digest, (await bundleFunction(options)).digest);
  await bundler[Symbol.asyncDispose]();
  await bundler[Symbol.asyncDispose]();
});

test('A module given as text becomes the same kind of artifact', async () => {
  const bundle = await wrapScript('const a = 6; export default a * 7;', 'hello.js');
  assert.equal(exported(bundle), 42);
  assert.deepEqual(bundle.inputs, []);
  const bad = await failure(wrapScript('export default {', 'hello.js'));
  assert.equal(bad.code, 'HS_SOURCE_INVALID');
  assert.equal(bad.position?.file, 'hello.js');
});

test('A module given as text reads no file, by import, require or source map', async (context) => {
  const folder = await project(context, {
    'secret.json': '{"secret":"s3cr3t"}',
    'secret.map':
      '{"version":3,"sources":["s3cr3t"],"sourcesContent":["s3cr3t"],"names":[],"mappings":"AAAA"}',
  });
  const file = join(folder, 'secret.json');
  const near = relative(process.cwd(), file);
  for (const code of [
    `import x from ${JSON.stringify(file)}; export default x`,
    `import x from './${near}'; export default x`,
    `export default () => require(${JSON.stringify(file)})`,
    `export default () => import(${JSON.stringify(file)})`,
    `export { default } from 'node:fs'`,
  ]) {
    assert.equal((await failure(wrapScript(code))).code, 'HS_SOURCE_MISSING', code);
  }
  for (const map of [join(folder, 'secret.map'), relative(process.cwd(), join(folder, 'secret.map'))]) {
    const { bytes } = await wrapScript(`export default 1\n//# sourceMappingURL=${map}`);
    assert.ok(!new TextDecoder().decode(bytes).includes('"s3cr3t'), 'the source map was followed');
    assert.ok(!new TextDecoder().decode(bytes).includes('\\"s3cr3t'), 'the source map was followed');
  }
});

test('Every example is accepted and bundled', async () => {
  const files = await findNexfiles(new URL('../../examples', import.meta.url).pathname);
  assert.ok(files.length >= 3);
  for (const file of files) {
    const { type, start } = parseNexfile(await readFile(file, 'utf8'), file);
    assert.ok(start.source.kind === 'main', file);
    if (type === 'wasm') {
      const module = { entry: start.source.path, folder: dirname(file), options: start.wasm };
      assert.equal((await wrapModule(module)).artifact.type, 'wasm', file);
      continue;
    }
    const { warnings, artifact } = await bundleFunction({ entry: start.source.path, folder: dirname(file) });
    assert.deepEqual(warnings, [], file);
    assert.ok(artifact.code.includes(MODULE_GLOBAL));
  }
});
