import { readFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { HairspringError, type Manifest } from '../../core/index.ts';
import { type Bundle, bundleFunction, parseNexfile, wrapModule } from '../../host/index.ts';

/** A function read from its folder, ready to be deployed. */
export interface PreparedFunction {
  /** Path of the Nexfile. */
  readonly file: string;
  readonly manifest: Manifest;
  /** Absent when the code is in an object store already. */
  readonly bundle: Bundle | undefined;
}

/** Turns a source file into a bundle; dev has one that remembers. */
export type BundleSource = (entry: string, folder: string) => Promise<Bundle>;

/** The artifact of what `main` names. */
function bundleMain(
  { type, start }: Manifest,
  entry: string,
  folder: string,
  bundleSource: BundleSource,
): Promise<Bundle> {
  return type === 'wasm' ? wrapModule({ entry, folder, options: start.wasm }) : bundleSource(entry, folder);
}

/**
 * Reads a Nexfile and bundles what it names.
 * @throws HS_NEXFILE_…, HS_TRIGGER_FORBIDDEN, HS_SOURCE_…, HS_ARTIFACT_TOO_LARGE
 */
export async function prepareFunction(
  file: string,
  bundleSource: BundleSource = (entry, folder) => bundleFunction({ entry, folder }),
): Promise<PreparedFunction> {
  const manifest = await readManifest(file);
  const { source } = manifest.start;
  const bundle =
    source.kind === 'main' ? await bundleMain(manifest, source.path, dirname(file), bundleSource) : undefined;
  return { file, manifest, bundle };
}

/** Reads a Nexfile. @throws HS_NEXFILE_…, HS_TRIGGER_FORBIDDEN */
export async function readManifest(file: string): Promise<Manifest> {
  return parseNexfile(await readNexfile(file), shownPath(file));
}

/** The path as messages show it: from the working folder. */
export function shownPath(file: string): string {
  return relative(process.cwd(), file) || file;
}

async function readNexfile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HairspringError('HS_NEXFILE_MISSING', `Cannot read "${shownPath(file)}": ${reason}`, { cause });
  }
}
