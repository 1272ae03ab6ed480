import { findImports, type ImportSite } from './imports.ts';
import { checkInnerDoor, checkLayer, findCycles } from './layer-rules.ts';
import { checkImportPlace, checkText } from './place-rules.ts';
import type { SourceFile } from './scan-source.ts';
import type { Violation } from './violation.ts';

export interface ArchitectureReport {
  readonly imports: readonly ImportSite[];
  readonly violations: readonly Violation[];
}

/** Checks every rule of docs/architecture.md that can be read off the sources, over `files` as they are given. */
export function checkArchitecture(files: readonly SourceFile[]): ArchitectureReport {
  const paths = new Set(files.map((file) => file.path));
  const imports = files.flatMap(findImports);
  const missing = imports
    .filter(({ target }) => target?.startsWith('src/') && !paths.has(target))
    .map(({ from, line, target }) => ({
      rule: 'missing',
      file: from,
      line,
      message: `There is no "${target}"`,
    }));
  return {
    imports,
    violations: [
      ...missing,
      ...imports.flatMap((site) => [
        ...checkLayer(site),
        ...checkInnerDoor(site, paths),
        ...checkImportPlace(site),
      ]),
      ...findCycles(imports),
      ...files.flatMap(checkText),
    ],
  };
}
