export { type CacheEnvironment, defaultCacheDir } from './environment.ts';
export { findNatsServer } from './find-nats-server.ts';
export {
  type NatsServerExit,
  type NatsServerOptions,
  type RunningNatsServer,
  startNatsServer,
} from './start-nats-server.ts';
export type {
  FetchProgress,
  FindNatsServerOptions,
  FoundNatsServer,
  NatsRelease,
  NatsServerOrigin,
} from './types.ts';
