export { ArtifactCache } from './artifact-cache.ts';
export { ArtifactSweeper } from './artifact-sweeper.ts';
export { Deployments, type DeploymentsOptions } from './deployments.ts';
export { KeyLock } from './key-lock.ts';
