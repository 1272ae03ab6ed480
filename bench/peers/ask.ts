import { type Child, startChild } from '../../src/measure/index.ts';
import type { Site } from '../bench-run.ts';
import type { GeneratorCommands, GeneratorOptions } from './generator.ts';

/** Starts the process that asks the peers. */
export function startGenerator(site: Site, payloadBytes: number): Promise<Child<GeneratorCommands>> {
  const options: GeneratorOptions = { url: site.nats.url, payloadBytes };
  return startChild<GeneratorCommands>(new URL('./generator.ts', import.meta.url), options);
}
