export { Deployments, type DeploymentsOptions } from './deployments.ts';
export { KeyLock } from './key-lock.ts';
