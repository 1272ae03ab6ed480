/** This tree once more, with cells in which nothing observes: what observation costs while it is off. */
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './compare/revision.ts';

const COPIED = ['src', 'package.json', 'bench/host-process.ts'];
/** Where a cell of which nothing is asked makes its observer, the feeds of logs and events and diagnostics channels. */
const FILE = 'src/cell/observe/observation.ts';
const PLACE = 'observer: fanOut([feed, channels]),';
const INSTEAD = 'observer: new SilentObserver(),';
const IMPORT = "import { SilentObserver } from '../../core/index.ts';\n";

/** Disposing removes it. */
export interface UnobservedTree extends AsyncDisposable {
  readonly hostScript: URL;
}

export async function makeUnobservedTree(): Promise<UnobservedTree> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'hairspring-unobserved-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'bench'));
  for (const path of COPIED) await cp(join(ROOT, path), join(folder, path), { recursive: true });
  await symlink(await realpath(join(ROOT, 'node_modules')), join(folder, 'node_modules'));
  await takeOut(join(folder, FILE));
  const owned = stack.move();
  return {
    hostScript: pathToFileURL(join(folder, 'bench/host-process.ts')),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function takeOut(file: string): Promise<void> {
  const source = await readFile(file, 'utf8');
  if (source.split(PLACE).length !== 2)
    throw new Error(`Taking the observer out: ${FILE} has "${PLACE}" not exactly once`);
  await writeFile(file, IMPORT + source.replace(PLACE, INSTEAD));
}
