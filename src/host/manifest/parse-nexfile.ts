import type { Manifest } from '../../core/index.ts';
import { createChecker } from './check.ts';
import { manifestSchema } from './manifest-schema.ts';
import { readDocument } from './read-document.ts';

const NEXFILE = {
  checker: createChecker(manifestSchema, 'the Nexfile'),
  malformed: 'HS_NEXFILE_MALFORMED',
  emptyHint: 'Begin with name, type, lifecycle and start_request',
  severalHint: 'Write one function per Nexfile, without a "---" between',
} as const;

/**
 * Parses a Nexfile, YAML or JSON. Errors carry the position of the first problem and list the others.
 * @param file the name that positions show
 * @throws HS_NEXFILE_MALFORMED, HS_NEXFILE_INVALID, HS_TRIGGER_FORBIDDEN
 */
export function parseNexfile(text: string, file: string): Manifest {
  return readDocument(text, file, NEXFILE).value;
}
