import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  formatBytes,
  HairspringError,
  HOST_LIMITS,
  type WasmArtifact,
  type WasmOptions,
} from '../../core/index.ts';
import { digestOf, encodeArtifact } from './artifact.ts';
import type { Bundle } from './bundle.ts';

const MAX_FILES = 1_000;

export interface ModuleSource {
  /** The module, relative to `folder`. */
  readonly entry: string;
  /** Folder of the Nexfile. */
  readonly folder: string;
  readonly options: WasmOptions;
}

/**
 * Makes an artifact of a WebAssembly module and the files that it may read.
 * @throws HS_SOURCE_MISSING, HS_ARTIFACT_TOO_LARGE
 */
export async function wrapModule({ entry, folder, options }: ModuleSource): Promise<Bundle<WasmArtifact>> {
  const file = resolve(folder, entry);
  const module = await readFile(file).catch((cause: unknown) => {
    throw new HairspringError('HS_SOURCE_MISSING', `Cannot find the module "${entry}" in "${folder}"`, {
      hint: 'Check start_request.main in the Nexfile; build the module first if it comes from a compiler',
      cause,
    });
  });
  const files = options.files === undefined ? undefined : await readFiles(folder, options.files);
  const inputs = [
    file,
    ...Object.keys(files ?? {}).map((path) => resolve(folder, options.files ?? '', path)),
  ];
  return wrapBytes(module, files, options.reuse, inputs);
}

/** As {@link wrapModule}, of bytes that come from elsewhere. */
export function wrapBytes(
  module: Uint8Array,
  files: Readonly<Record<string, string>> | undefined = undefined,
  reuse = false,
  inputs: readonly string[] = [],
): Bundle<WasmArtifact> {
  const artifact: WasmArtifact = {
    format: 1,
    type: 'wasm',
    module: Buffer.from(module).toString('base64'),
    files,
    reuse,
  };
  const bytes = encodeArtifact(artifact);
  return { artifact, digest: digestOf(bytes), bytes, inputs, warnings: [] };
}

async function readFiles(folder: string, name: string): Promise<Record<string, string>> {
  const root = resolve(folder, name);
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new HairspringError('HS_SOURCE_MISSING', `Cannot read the folder "${name}" in "${folder}"`, {
      hint: 'Check start_request.files in the Nexfile; it is relative to the folder of the Nexfile',
      cause,
    });
  });
  const files: Record<string, string> = {};
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    bytes += (await stat(path)).size;
    if (bytes > HOST_LIMITS.artifactBytes || Object.keys(files).length >= MAX_FILES) {
      throw new HairspringError(
        'HS_ARTIFACT_TOO_LARGE',
        `Cannot take the files of "${name}": the limits are ${MAX_FILES} files and ${formatBytes(HOST_LIMITS.artifactBytes)}`,
      );
    }
    files[path.slice(root.length + 1).replaceAll('\\', '/')] = (await readFile(path)).toString('base64');
  }
  return files;
}
