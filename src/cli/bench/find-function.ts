import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { HairspringError, isSubjectTrigger, type Manifest, subjectsOverlap } from '../../core/index.ts';
import { findNexfiles } from '../../host/index.ts';
import { readManifest, shownPath } from '../deploy/prepare.ts';

/** A function by its Nexfile. */
export interface NamedFile {
  readonly file: string;
  readonly manifest: Manifest;
}

/** The function to measure, and those beside it that it needs. */
export interface FoundFunction extends NamedFile {
  readonly needed: readonly NamedFile[];
  /** Names of functions that it may call and that are not there. */
  readonly missing: readonly string[];
}

/**
 * The function that `target` means: a path where there is one, else a name in or below the working folder; with it
 * those in the folders beside it to which it may send something.
 * @throws HS_NEXFILE_…, HS_TRIGGER_FORBIDDEN; HS_USAGE when it means none, or several
 */
export async function findFunction(target: string): Promise<FoundFunction> {
  const isPath = (await stat(target).catch(() => undefined)) !== undefined;
  const files = await findNexfiles(isPath ? target : '.');
  const named = isPath ? await readAll(files) : await readNamed(files, target);
  const [found, ...others] = named;
  if (found !== undefined && others.length === 0) return { ...found, ...(await neededBy(found)) };
  const list = named.map(({ manifest, file }) => `${manifest.name} (${shownPath(file)})`).join(', ');
  throw new HairspringError('HS_USAGE', `Cannot measure "${target}": it means ${named.length} functions`, {
    hint: `Name one of them by its path: ${list}`,
  });
}

async function readAll(files: readonly string[]): Promise<readonly NamedFile[]> {
  return await Promise.all(files.map(async (file) => ({ file, manifest: await readManifest(file) })));
}

async function readNamed(files: readonly string[], name: string): Promise<readonly NamedFile[]> {
  const { read, failures } = await readGood(files);
  const named = read.filter(({ manifest }) => manifest.name === name);
  if (named.length > 0) return named;
  // A Nexfile that cannot be read may be the one that is meant.
  if (failures[0] !== undefined) throw failures[0];
  throw new HairspringError(
    'HS_USAGE',
    `Cannot find "${name}": it is neither a path nor a function in or below the working folder`,
    { hint: `The functions here are ${read.map(({ manifest }) => manifest.name).join(', ')}` },
  );
}

async function readGood(
  files: readonly string[],
): Promise<{ readonly read: readonly NamedFile[]; readonly failures: readonly HairspringError[] }> {
  const read: NamedFile[] = [];
  const failures: HairspringError[] = [];
  for (const file of files) {
    try {
      read.push({ file, manifest: await readManifest(file) });
    } catch (error) {
      failures.push(HairspringError.from(error));
    }
  }
  return { read, failures };
}

/** What the function reaches by calls and messages, and what that reaches in turn. */
async function neededBy(found: NamedFile): Promise<Pick<FoundFunction, 'needed' | 'missing'>> {
  const reachesAny = Object.values(found.manifest.start.bindings).some(
    ({ service }) => service === 'messaging',
  );
  if (!reachesAny) return { needed: [], missing: [] };
  const beside = await findNexfiles(dirname(dirname(resolve(found.file)))).catch(() => []);
  const { read } = await readGood(beside);
  const neighbours = read.filter(({ manifest }) => manifest.name !== found.manifest.name);
  const needed: NamedFile[] = [];
  const called = new Set<string>();
  const queue = [found.manifest];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const name of callsOf(at)) called.add(name);
    for (const neighbour of neighbours) {
      if (needed.includes(neighbour) || !reaches(at, neighbour.manifest)) continue;
      needed.push(neighbour);
      queue.push(neighbour.manifest);
    }
  }
  const known = new Set([found, ...needed].map(({ manifest }) => manifest.name));
  return { needed, missing: [...called].filter((name) => !known.has(name)) };
}

function callsOf({ start }: Manifest): readonly string[] {
  return Object.values(start.bindings).flatMap((binding) =>
    binding.service === 'messaging' ? binding.call : [],
  );
}

function reaches(from: Manifest, to: Manifest): boolean {
  if (callsOf(from).includes(to.name)) return true;
  const sent = Object.values(from.start.bindings).flatMap((binding) =>
    binding.service === 'messaging' ? [...binding.publish, ...binding.request] : [],
  );
  return sent.some((subject) =>
    to.start.triggers.filter(isSubjectTrigger).some((trigger) => subjectsOverlap(subject, trigger.subject)),
  );
}
