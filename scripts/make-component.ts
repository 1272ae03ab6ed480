import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Of it the examples need the part that embeds WIT files and makes components; what it depends on has 100 MB. */
const TOOLS = '@bytecodealliance/jco-transpile';
const VERSION = '0.15.0';

interface ComponentTools {
  componentEmbed(options: {
    readonly binary: Uint8Array;
    readonly witSource: string;
    readonly world: string;
  }): Promise<Uint8Array>;
  componentNew(module: Uint8Array, adapters: readonly []): Promise<Uint8Array>;
}

/** Makes a component of a core module, with tools that are fetched for it. */
export async function makeComponent(
  module: Uint8Array,
  witFolder: string,
  world: string,
): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'hairspring-jco-'));
  try {
    const install = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'];
    execFileSync('npm', [...install, `${TOOLS}@${VERSION}`], { stdio: ['ignore', 'ignore', 'inherit'] });
    const file = join(folder, 'node_modules', TOOLS, 'dist', 'wasm-tools.js');
    const { componentEmbed, componentNew } = (await import(file)) as ComponentTools;
    const embedded = await componentEmbed({ binary: module, witSource: readWit(witFolder), world });
    return await componentNew(embedded, []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The files of a folder and of its `deps` as one text. */
function readWit(folder: string): string {
  const read = (path: string): string => readFileSync(path, 'utf8');
  const own = readdirSync(folder).filter((name) => name.endsWith('.wit'));
  const others = readdirSync(join(folder, 'deps'));
  return [
    ...own.map((name) => read(join(folder, name))),
    ...others.map((name) => `${read(join(folder, 'deps', name)).replace(/^(package [^;]+);/m, '$1 {')}}`),
  ].join('\n');
}
