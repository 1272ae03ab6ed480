import { type FunctionDefinition, HairspringError, isHttpTrigger, routesCollide } from '../../core/index.ts';

/**
 * @param others functions of the same namespace
 * @throws HS_ROUTE_TAKEN
 */
export function checkRoutes(
  { name, id, triggers }: Pick<FunctionDefinition, 'name' | 'id' | 'triggers'>,
  others: readonly Pick<FunctionDefinition, 'name' | 'id' | 'triggers'>[],
): void {
  for (const route of triggers.filter(isHttpTrigger)) {
    for (const other of others) {
      if (other.id === id || other.name === name) continue;
      const taken = other.triggers.filter(isHttpTrigger).find((one) => routesCollide(one, route));
      if (taken === undefined) continue;
      const methods = taken.methods.join(', ') || 'any method';
      throw new HairspringError(
        'HS_ROUTE_TAKEN',
        `Cannot deploy "${name}": its route ${route.pattern} takes the same requests as ${taken.pattern} (${methods}) of function "${other.name}"`,
      );
    }
  }
}
