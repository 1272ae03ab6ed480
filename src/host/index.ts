export { compareGrants, type GrantChange, isWidening } from '../hostservices/grant-changes.ts';
export { suggestGrant, usesOfLabel } from '../hostservices/suggest-grants.ts';
export {
  type AccountsFile,
  DelegatedAccounts,
  loadOperator,
  type Operator,
  ownerEndpoint,
  readAccountsFile,
  writeServerConfig,
} from './accounts/index.ts';
export {
  type Bundle,
  type Bundler,
  bundleFunction,
  createBundler,
  digestOf,
  encodeArtifact,
  wrapModule,
} from './bundle/index.ts';
export {
  artifactUri,
  findNexfiles,
  parseNexfile,
  startRequestToWire,
} from './manifest/index.ts';
export {
  defaultCacheDir,
  type FetchProgress,
  type FoundNatsServer,
  findNatsServer,
  type RunningNatsServer,
  startNatsServer,
} from './nats-server/index.ts';
export { startHost } from './start-host.ts';
export {
  isTaken,
  type LockedServer,
  type LockFile,
  type LockHolder,
  takeLockFile,
} from './state/lock-file.ts';
export type { RecordedCall, TelemetryOptions } from './telemetry/index.ts';
export type { HostOptions, HttpListener, RunningHost } from './types.ts';
