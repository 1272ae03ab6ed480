import { encodeUnsigned } from './binary-reader.ts';
import { type Edit, replaceSection } from './edit-module.ts';
import { type ModuleOutline, SECTION } from './module-outline.ts';

/** Elements of all tables of a module at its start, and of each of them when it has grown. */
export const MAX_TABLE_ELEMENTS = 1_000_000;

const WITH_MAXIMUM = 1;

/** The section of a module's tables, each with a maximum: one without may grow until the isolate dies of it. */
export function boundTables(bytes: Uint8Array, { tables, sections }: ModuleOutline): readonly Edit[] {
  const section = sections.get(SECTION.table);
  if (section === undefined) return [];
  const parts: Uint8Array[] = [];
  let at = section.contentStart;
  for (const { start, end, min, max, is64 } of tables) {
    const most = Math.min(max ?? MAX_TABLE_ELEMENTS, MAX_TABLE_ELEMENTS);
    const limits = [WITH_MAXIMUM | (is64 ? 4 : 0), ...encodeUnsigned(min), ...encodeUnsigned(most)];
    parts.push(bytes.subarray(at, start), Uint8Array.from(limits));
    at = end;
  }
  parts.push(bytes.subarray(at, section.end));
  return [replaceSection(section, Buffer.concat(parts))];
}
