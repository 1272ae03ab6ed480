import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { BuildResult, Message, Plugin } from 'esbuild';
import { type Artifact, HairspringError, type JavaScriptArtifact } from '../../core/index.ts';
import { digestOf, encodeArtifact } from './artifact.ts';
import { describeMessage, toBuildError } from './build-error.ts';
import { BUILD_OPTIONS } from './build-options.ts';

export interface BundleOptions {
  /** Source file, relative to `folder`. */
  readonly entry: string;
  /** Folder of the Nexfile. */
  readonly folder: string;
}

/** A function's code, bundled. */
export interface Bundle<Made extends Artifact = Artifact> {
  readonly artifact: Made;
  /** Lower-case hex SHA-256 of `bytes`. */
  readonly digest: string;
  /** The encoded artifact. */
  readonly bytes: Uint8Array;
  /** Absolute paths of all files that went into it. */
  readonly inputs: readonly string[];
  /** One line each, with the position. */
  readonly warnings: readonly string[];
}

/** A bundler that remembers what it read, for building again and again. Disposing is idempotent. */
export interface Bundler extends AsyncDisposable {
  /** As {@link bundleFunction}; what did not change is not parsed again. */
  rebuild(): Promise<Bundle<JavaScriptArtifact>>;
}

const NO_IMPORTS: Plugin = {
  name: 'no-imports',
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { errors: [{ text: `Could not resolve "${path}"` }] },
    );
  },
};

type Built = BuildResult<typeof BUILD_OPTIONS>;

/**
 * Bundles a function with all that it imports. The same sources give the same digest.
 * @throws HS_SOURCE_MISSING, HS_SOURCE_INVALID, HS_ARTIFACT_TOO_LARGE
 */
export async function bundleFunction(options: BundleOptions): Promise<Bundle<JavaScriptArtifact>> {
  const { build } = await import('esbuild');
  const folder = await resolveEntry(options);
  return finish(folder, () => build(optionsFor(options.entry, folder)));
}

/**
 * Bundles the same function whenever it is asked to, keeping what it has parsed.
 * @throws HS_SOURCE_MISSING when the folder or the entry is not there yet
 */
export async function createBundler(options: BundleOptions): Promise<Bundler> {
  const { context } = await import('esbuild');
  const folder = await resolveEntry(options);
  const build = await context(optionsFor(options.entry, folder));
  let disposed: Promise<void> | undefined;
  return {
    async rebuild() {
      await resolveEntry(options);
      return await finish(folder, () => build.rebuild());
    },
    async [Symbol.asyncDispose]() {
      disposed ??= build.dispose();
      await disposed;
    },
  };
}

/**
 * Makes an artifact of one module given as text, as it comes from an object store. It must not import
 * anything: the node has no files of the deployer's, and must not read its own for them.
 * @param name how errors and the source map call the text
 * @throws HS_SOURCE_MISSING on an import; HS_SOURCE_INVALID, HS_ARTIFACT_TOO_LARGE
 */
export async function wrapScript(code: string, name = 'function.mjs'): Promise<Bundle<JavaScriptArtifact>> {
  const { build } = await import('esbuild');
  const bundle = await finish(undefined, () =>
    build({
      ...BUILD_OPTIONS,
      stdin: { contents: code, sourcefile: name, loader: 'js' },
      tsconfigRaw: {},
      plugins: [NO_IMPORTS],
    }),
  );
  return { ...bundle, inputs: [] };
}

function optionsFor(entry: string, folder: string) {
  return { ...BUILD_OPTIONS, absWorkingDir: folder, entryPoints: [resolve(folder, entry)] };
}

/** The real path of the folder: esbuild follows links, and paths are to be relative to where it ends up. */
async function resolveEntry({ entry, folder }: BundleOptions): Promise<string> {
  const file = resolve(folder, entry);
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() === true) return await realpath(folder);
  throw new HairspringError('HS_SOURCE_MISSING', `Cannot find the source file "${entry}" in "${folder}"`, {
    hint: 'Check start_request.main in the Nexfile; it is relative to the folder of the Nexfile',
  });
}

async function finish(
  folder: string | undefined,
  build: () => Promise<Built>,
): Promise<Bundle<JavaScriptArtifact>> {
  const built = await build().catch((error: unknown) => {
    throw toBuildError(error, folder);
  });
  let code = '';
  let map = '';
  for (const file of built.outputFiles) {
    if (file.path.endsWith('.map')) map = file.text;
    else code = file.text;
  }
  const artifact: JavaScriptArtifact = { format: 1, type: 'javascript', code, map };
  const bytes = encodeArtifact(artifact);
  return {
    artifact,
    digest: digestOf(bytes),
    bytes,
    inputs: Object.keys(built.metafile.inputs).map((input) => resolve(folder ?? '', input)),
    warnings: built.warnings.map((warning: Message) => describeMessage(warning, folder)),
  };
}
