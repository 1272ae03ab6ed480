import { encodeUnsigned } from './binary-reader.ts';
import { type Edit, replaceSection } from './edit-module.ts';
import { type ModuleOutline, SECTION } from './module-outline.ts';

/** Elements of all tables of an instance together, at its start and when they have grown. */
export const MAX_TABLE_ELEMENTS = 1_000_000;

const WITH_MAXIMUM = 1;

/**
 * By how much each table may grow: beyond what all of them begin with, those that may grow get equal parts.
 * @param outlines of the modules that an instance is made of
 */
export function tableGrowth(outlines: readonly ModuleOutline[]): number {
  const tables = outlines.flatMap((outline) => outline.tables);
  const room = MAX_TABLE_ELEMENTS - tables.reduce((sum, { min }) => sum + min, 0);
  const growing = tables.filter(({ min, max }) => max === undefined || max > min).length;
  return Math.max(0, Math.floor(room / Math.max(1, growing)));
}

/** The section of a module's tables, each with a maximum: one without may grow until the isolate dies of it. */
export function boundTables(
  bytes: Uint8Array,
  { tables, sections }: ModuleOutline,
  growth: number,
): readonly Edit[] {
  const section = sections.get(SECTION.table);
  if (section === undefined) return [];
  const parts: Uint8Array[] = [];
  let at = section.contentStart;
  for (const { start, end, min, max, is64 } of tables) {
    const most = Math.min(max ?? Number.POSITIVE_INFINITY, min + growth);
    const limits = [WITH_MAXIMUM | (is64 ? 4 : 0), ...encodeUnsigned(min), ...encodeUnsigned(most)];
    parts.push(bytes.subarray(at, start), Uint8Array.from(limits));
    at = end;
  }
  parts.push(bytes.subarray(at, section.end));
  return [replaceSection(section, Buffer.concat(parts))];
}
