import { HairspringError } from '../../core/index.ts';

/** Two functions of one name would replace each other in silence. */
export function twinsRefused(name: string, file: string, other: string): HairspringError {
  return new HairspringError(
    'HS_NEXFILE_INVALID',
    `Cannot deploy "${name}" twice: "${file}" and "${other}" both have this name`,
    { hint: 'Rename one of the two' },
  );
}
