import { type Sample, type SampleRequest, sampleOf, sampleRequest } from '../deploy/sample.ts';
import type { DevFunction } from './dev-function.ts';

/** How a function can be tried. */
export interface TryOut {
  readonly name: string;
  readonly sample: Sample | undefined;
  readonly request: SampleRequest | undefined;
}

/** How each function that runs can be tried. */
export async function tryOutsOf(
  functions: readonly DevFunction[],
  httpUrl: string | undefined,
): Promise<readonly TryOut[]> {
  const running = functions.flatMap(({ current }) => (current === undefined ? [] : [current.prepared]));
  return await Promise.all(
    running.map(async ({ manifest, file }) => ({
      name: manifest.name,
      sample: await sampleOf(file, manifest.start.triggers),
      request:
        httpUrl === undefined ? undefined : await sampleRequest(httpUrl, file, manifest.start.triggers),
    })),
  );
}
