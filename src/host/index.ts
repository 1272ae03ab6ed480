export {
  type Bundle,
  type Bundler,
  bundleFunction,
  createBundler,
  decodeArtifact,
  digestOf,
  encodeArtifact,
} from './bundle/index.ts';
export {
  artifactUri,
  findNexfile,
  findNexfiles,
  nexfileJsonSchema,
  parseNexfile,
  startRequestToWire,
} from './manifest/index.ts';
export {
  compareVersions,
  defaultCacheDir,
  type FetchProgress,
  type FoundNatsServer,
  findNatsServer,
  MINIMUM_NATS_VERSION,
  type RunningNatsServer,
  startNatsServer,
} from './nats-server/index.ts';
export { startHost } from './start-host.ts';
export type { HostOptions, RunningHost } from './types.ts';
