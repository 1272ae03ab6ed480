import { posix } from 'node:path';
import type { ImportSite } from './imports.ts';
import type { Violation } from './violation.ts';

/** Which top-level folders of src a folder may import from, itself aside; docs/architecture.md shows the same table. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  runtime: ['core'],
  hostservices: ['core'],
  triggers: ['core'],
  cell: ['core', 'runtime', 'hostservices', 'triggers'],
  control: ['core'],
  host: ['core', 'control'],
  measure: [],
  cli: ['core', 'control', 'host', 'measure'],
};

/** Files that may be imported by a folder outside its row of the matrix (docs/decisions/0003). */
export const SCHEMA_DOORS: Readonly<Record<string, readonly string[]>> = {
  host: [
    'src/hostservices/schemas.ts',
    'src/hostservices/grant-changes.ts',
    'src/hostservices/suggest-grants.ts',
    'src/hostservices/provision.ts',
    'src/hostservices/permissions.ts',
    'src/triggers/schemas.ts',
  ],
};

/** Folders whose children are strangers to each other. */
const FOLDERS_OF_STRANGERS = ['hostservices', 'triggers'];

/** What every child of a folder of strangers may use beside its own files. */
const SHARED = 'shared';

/** Files that form the door of their folder. */
const DOORS = ['index.ts', 'schemas.ts'];

const parts = (path: string): readonly string[] => path.split('/');
const topFolder = (path: string): string => parts(path)[1] ?? '';

/** The matrix, the doors and the strangers, for one import between files of src. */
export function checkLayer(site: ImportSite): readonly Violation[] {
  const { from, target, line } = site;
  if (target === undefined || !from.startsWith('src/')) return [];
  const violation = (rule: string, message: string): readonly Violation[] => [
    { rule, file: from, line, message },
  ];
  if (!target.startsWith('src/')) {
    return target === 'package.json'
      ? []
      : violation('outside-src', `Source does not import "${target}" outside src`);
  }
  const own = topFolder(from);
  const other = topFolder(target);
  if (own !== other) {
    if (SCHEMA_DOORS[own]?.includes(target)) return [];
    if (!LAYERS[own]?.includes(other)) {
      return violation('layer', `"${own}" may not import from "${other}" ("${target}")`);
    }
    return DOORS.includes(posix.basename(target))
      ? []
      : violation('door', `"${target}" is not a door of "${other}"; import its index.ts`);
  }
  if (FOLDERS_OF_STRANGERS.includes(own)) {
    const [, , ownChild = '', ownFile] = parts(from);
    const [, , otherChild = '', otherFile] = parts(target);
    const strangers =
      ownFile !== undefined && otherFile !== undefined && ownChild !== otherChild && otherChild !== SHARED;
    if (strangers) {
      return violation('stranger', `"${own}/${ownChild}" may not import from its sibling "${otherChild}"`);
    }
  }
  return [];
}

/** Inside one top-level folder: a subfolder that has a door is entered by it. */
export function checkInnerDoor(site: ImportSite, paths: ReadonlySet<string>): readonly Violation[] {
  const { from, target, line } = site;
  if (target === undefined || !from.startsWith('src/') || topFolder(from) !== topFolder(target)) return [];
  const folder = posix.dirname(target);
  const isInside = `${posix.dirname(from)}/`.startsWith(`${folder}/`);
  const isDoor = DOORS.includes(posix.basename(target));
  // The schema door leads to each child's schema without loading the rest of it.
  const isSchema = posix.basename(from) === 'schemas.ts' && posix.basename(target) === 'schema.ts';
  if (isInside || isDoor || isSchema || !paths.has(`${folder}/index.ts`)) return [];
  if (parts(folder).length < 3) return [];
  return [
    {
      rule: 'door',
      file: from,
      line,
      message: `"${target}" is behind a door; import "${folder}/index.ts"`,
    },
  ];
}

/** Each cycle of relative imports, type imports included, reported once. */
export function findCycles(sites: readonly ImportSite[]): readonly Violation[] {
  const edges = new Map<string, ImportSite[]>();
  for (const site of sites) {
    if (site.target === undefined) continue;
    edges.set(site.from, [...(edges.get(site.from) ?? []), site]);
  }
  const finished = new Set<string>();
  const violations: Violation[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    if (finished.has(file)) return;
    for (const { target = '', line } of edges.get(file) ?? []) {
      const start = [...trail, file].indexOf(target);
      if (start === -1) {
        visit(target, [...trail, file]);
        continue;
      }
      const cycle = [...trail, file, target].slice(start);
      violations.push({ rule: 'cycle', file, line, message: `Import cycle: ${cycle.join(' → ')}` });
    }
    finished.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return violations;
}
