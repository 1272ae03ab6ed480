/** Errors in a function's log name the lines of its own TypeScript, whichever way they got there. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ArtifactReader, artifactFile } from '../../src/cell/artifact-reader.ts';
import { CodeStore } from '../../src/cell/code-store.ts';
import { SourceMaps } from '../../src/cell/source-maps.ts';
import { StackMapper } from '../../src/cell/stack-mapper.ts';
import { HairspringError } from '../../src/core/index.ts';
import { bundleFunction } from '../../src/host/bundle/index.ts';
import { FunctionRunner } from '../../src/runtime/index.ts';
import { callRunner, createTestFunction } from '../support/functions.ts';
import { until } from '../support/turns.ts';

const dir = mkdtempSync(join(tmpdir(), 'hairspring-positions-'));
after(() => rmSync(dir, { recursive: true }));

const DEEP = `interface Depth {
  readonly left: number;
}
/** Throws, and not in its first line. */
export function dive({ left }: Depth): never {
  if (left > 0) return dive({ left: left - 1 });
  throw new RangeError('too deep');
}
`;
const MAIN = (padding: number): string => `import { dive } from './deep.ts';
type Message = { text(): string };
export const padding: string = ${JSON.stringify('x'.repeat(padding))};
export default {
  async message(msg: Message): Promise<string> {
    switch (msg.text()) {
      case 'throws':
        return dive({ left: 1 });
      case 'causes':
        try { dive({ left: 0 }); } catch (cause) {
          throw new Error('no luck', { cause });
        }
      case 'logs':
        try { dive({ left: 0 }); } catch (error) { console.error('caught:', error); }
        return 'logged';
      case 'timer':
        setTimeout(() => dive({ left: 0 }), 1);
        await new Promise((go) => setTimeout(go, 20));
        return 'timed';
      case 'floats':
        void (async () => dive({ left: await 0 }))();
        await new Promise((go) => setTimeout(go, 20));
        return padding.length > 0 ? 'floated' : '';
    }
    console.info(new Error('of no import').stack);
    return 'told';
  },
};
`;

/** The function as a cell serves it, from what the bundler makes of the sources. */
async function serve(padding: number) {
  const folder = join(dir, String(padding));
  mkdirSync(folder);
  writeFileSync(join(folder, 'deep.ts'), DEEP);
  writeFileSync(join(folder, 'main.ts'), MAIN(padding));
  const { digest, bytes } = await bundleFunction({ folder, entry: 'main.ts' });
  writeFileSync(artifactFile(dir, digest), bytes);
  const artifacts = new ArtifactReader(dir);
  const maps = new SourceMaps(artifacts);
  const codes = new CodeStore(artifacts, dir, { maps });
  const stacks = new StackMapper(maps);
  const probe = createTestFunction('');
  const spec = { ...probe.runner.spec, artifact: { digest, bytes: bytes.length } };
  const runner = new FunctionRunner(spec, new Map(), {
    ...probe.dependencies,
    readCode: codes.code,
    mapStack: stacks.map,
    mapText: stacks.mapText,
  });
  return {
    /** What is logged of a call. */
    async logOf(data: string): Promise<string> {
      const before = probe.logs.length;
      await callRunner(runner, { data });
      await until(() => probe.logs.length > before);
      return probe.logs
        .slice(before)
        .map(({ text }) => text)
        .join('\n');
    },
    [Symbol.dispose](): void {
      runner.dispose(new HairspringError('HS_DRAINING', 'Over'));
      probe[Symbol.dispose]();
    },
  };
}

const PLACES: Readonly<Record<string, readonly RegExp[]>> = {
  throws: [
    /^RangeError: too deep\n {4}at dive \(deep\.ts:7:9\)\n {4}at dive \(deep\.ts:6:24\)\n .*main\.ts:8:16/,
  ],
  causes: [
    /^Error: no luck\n .*main\.ts:11:17/,
    /\[cause\]: RangeError: too deep\n\s+at dive \(deep\.ts:7:9\)/,
  ],
  logs: [/^caught: RangeError: too deep\n\s+at dive \(deep\.ts:7:9\)/],
  timer: [/^Uncaught RangeError: too deep\n\s+at dive \(deep\.ts:7:9\)/],
  floats: [/nobody handled it: too deep\n {4}at dive \(deep\.ts:7:9\)/],
};

for (const [size, padding] of [
  ['small', 10],
  ['large', 400_000],
] as const) {
  test(`Errors of a ${size} function name the lines of its sources wherever they are logged`, async () => {
    using served = await serve(padding);
    for (const [how, places] of Object.entries(PLACES)) {
      const text = await served.logOf(how);
      for (const place of places) assert.match(text, place, how);
      assert.doesNotMatch(text, /probe\.js|hairspring:|file:|node:/, how);
    }
    assert.match(await served.logOf('tells'), /^Error: of no import\n\s+at .*probe\.js:/);
  });
}
