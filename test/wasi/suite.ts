/** Reads the WASI test suite's modules with what each is given and must do. https://github.com/WebAssembly/wasi-testsuite */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';

const specSchema = z.object({
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), z.string()).default({}),
  root: z.string().nullish(),
  exit_code: z.number().default(0),
  stdout: z.string().optional(),
});

export interface WasiCase {
  /** `rust/fd_readdir`. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Base64 by path; undefined for no file system. */
  readonly files: Readonly<Record<string, string>> | undefined;
  readonly exitCode: number;
  readonly stdout: string | undefined;
}

/** The preview 1 modules below `folder`, a checkout of the suite with its prebuilt binaries. */
export function readSuite(folder: string): readonly WasiCase[] {
  const paths = globSync('**/*.wasm', { cwd: folder })
    .filter((path) => !/wasip[23]|wasi-threads|proposals/.test(path))
    .sort();
  return paths.map((path) => {
    const file = join(folder, path);
    const specFile = file.replace(/\.wasm$/, '.json');
    const spec = specSchema.parse(existsSync(specFile) ? JSON.parse(readFileSync(specFile, 'utf8')) : {});
    const root = spec.root ?? undefined;
    return {
      name: `${/(assemblyscript|c|rust)/.exec(path)?.[0] ?? ''}/${basename(file, '.wasm')}`,
      bytes: readFileSync(file),
      args: [basename(file), ...spec.args],
      environment: spec.env,
      files: root === undefined ? undefined : readFiles(join(dirname(file), root)),
      exitCode: spec.exit_code,
      stdout: spec.stdout,
    };
  });
}

function readFiles(root: string): Readonly<Record<string, string>> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    entries.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(root.length + 1), readFileSync(path).toString('base64')];
    }),
  );
}
