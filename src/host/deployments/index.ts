export { Deployments, type DeploymentsOptions } from './deployments.ts';
