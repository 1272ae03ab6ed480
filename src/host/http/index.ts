export { checkRoutes } from './check-routes.ts';
export { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';
export type { HostNames } from './namespaces.ts';
export { RouteTable } from './route-table.ts';
