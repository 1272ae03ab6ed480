import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HairspringError } from '../../core/index.ts';
import { readManifest, shownPath } from '../deploy/prepare.ts';
import { ENV_TYPES_FILE, renderEnvTypes } from './env-types.ts';

/** What became of the types of one function; the JSON of `types --json`. */
export interface EnvTypes {
  readonly name: string;
  /** The file with the types. */
  readonly file: string;
  /** `skipped`: it is no function in JavaScript or TypeScript. `stale`: the file has to be written again. */
  readonly state: 'written' | 'unchanged' | 'stale' | 'skipped';
}

/**
 * Writes the types of the function whose Nexfile is `nexfile`; with `check` only looks at them.
 * @throws HS_NEXFILE_…, HS_TRIGGER_FORBIDDEN; HS_USAGE when the file cannot be written
 */
export async function writeEnvTypes(nexfile: string, check: boolean): Promise<EnvTypes> {
  const { name, type, start } = await readManifest(nexfile);
  const path = join(dirname(nexfile), ENV_TYPES_FILE);
  const file = shownPath(path);
  if (type !== 'javascript') return { name, file, state: 'skipped' };
  const text = renderEnvTypes(start);
  const found = await readFile(path, 'utf8').catch(() => undefined);
  // Git may have given the file other ends of lines.
  if (found?.replaceAll('\r\n', '\n') === text) return { name, file, state: 'unchanged' };
  if (check) return { name, file, state: 'stale' };
  try {
    await writeFile(path, text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HairspringError('HS_USAGE', `Cannot write "${file}": ${reason}`, {
      cause,
      hint: 'Choose a folder that can be written',
    });
  }
  return { name, file, state: 'written' };
}
