export {
  artifactRevision,
  listArtifacts,
  removeArtifact,
} from './artifact-revisions.ts';
export { digestOf, getArtifact, getObject, putArtifact } from './artifacts.ts';
export { type ControlClient, type ControlClientOptions, createControlClient } from './client.ts';
export type { CancelResult } from './client-cancel.ts';
export type { DeployPlacement, DeployRequest } from './client-deploy.ts';
export type { FeedEvent } from './client-feeds.ts';
export type { InvokeOptions, InvokeResult } from './client-invoke.ts';
export type { SecretSummary, SetSecretOptions, SetSecretResult } from './client-secrets.ts';
export { type ConnectOptions, connectNats, withoutUserInfo } from './connect.ts';
export { type EndpointChoice, endpointFrom } from './endpoint.ts';
export type { EndpointSources } from './endpoint-files.ts';
export { toErrorReply } from './error-reply.ts';
export { formatGoDuration, parseGoDuration } from './go-duration.ts';
export { type NatsContext, parseNatsContext } from './nats-context.ts';
export { isConflict, natsFailure } from './nats-failure.ts';
export { type ServeNodeOptions, serveNode } from './node-endpoints.ts';
export { ACCOUNTS_TAG } from './node-tags.ts';
export { type SecretToSet, sealSecret } from './seal-secret.ts';
export { sealedSecret } from './sealed-secret-schema.ts';
export type {
  DeletedSecret,
  NodeSecretList,
  SecretBackend,
  SecretKey,
  StoredSecret,
} from './secret-types.ts';
export { requireServer } from './server-check.ts';
export type {
  AgentSummary,
  AuctionRequest,
  AuctionResponse,
  CancelResponse,
  FunctionInfo,
  InvocationEvent,
  LameDuckResponse,
  LiveFunction,
  LogLine,
  NodeBackend,
  NodeInfoResponse,
  NodePingResponse,
  StartWorkloadRequest,
  StartWorkloadResponse,
  StopWorkloadResponse,
  WorkloadSummary,
} from './types.ts';
