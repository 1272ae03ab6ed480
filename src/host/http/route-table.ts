import {
  answersMethod,
  compareRoutes,
  type FunctionDefinition,
  HTTP_METHODS,
  type HttpMethod,
  type HttpTrigger,
  isHttpTrigger,
  routeMatches,
  routeSegments,
} from '../../core/index.ts';

interface KnownFunction {
  readonly definition: FunctionDefinition;
  /** Whether it is deployed and not served yet. */
  readonly isWaiting: boolean;
}

/** A route of a function of this node. */
export interface RoutedFunction extends KnownFunction {
  readonly route: HttpTrigger;
}

export type RouteMatch =
  | { readonly kind: 'found'; readonly to: RoutedFunction }
  | { readonly kind: 'method'; readonly allowed: readonly HttpMethod[] }
  | { readonly kind: 'none' };

/** Under which routes are kept whose first segment is captured. */
const CAPTURED = '*';

/** The routes of one namespace by their first segment, each list with those first that say most. */
type Routes = ReadonlyMap<string, readonly RoutedFunction[]>;

/** Which function answers a request: the routes of all functions that this node knows of. */
export class RouteTable {
  readonly #functions = new Map<string, KnownFunction>();
  /** Made when a request needs it. */
  readonly #byNamespace = new Map<string, Routes>();

  set(definition: FunctionDefinition, isWaiting = false): void {
    this.#forget(definition.id);
    this.#functions.set(definition.id, { definition, isWaiting });
    this.#byNamespace.delete(definition.namespace);
  }

  delete(id: string): void {
    this.#forget(id);
    this.#functions.delete(id);
  }

  #forget(id: string): void {
    const known = this.#functions.get(id);
    if (known !== undefined) this.#byNamespace.delete(known.definition.namespace);
  }

  /** @param segments of the path, as they were sent */
  match(namespace: string, method: string, segments: readonly string[]): RouteMatch {
    const routes = this.#routesOf(namespace);
    const candidates = [...(routes.get(segments[0] ?? '') ?? []), ...(routes.get(CAPTURED) ?? [])];
    const fitting = candidates.filter(({ route }) => routeMatches(route, segments));
    const to = fitting.find(({ route }) => answersMethod(route, method));
    if (to !== undefined) return { kind: 'found', to };
    if (fitting.length === 0) return { kind: 'none' };
    const allowed = HTTP_METHODS.filter((one) => fitting.some(({ route }) => answersMethod(route, one)));
    return { kind: 'method', allowed };
  }

  #routesOf(namespace: string): Routes {
    const made = this.#byNamespace.get(namespace) ?? this.#make(namespace);
    this.#byNamespace.set(namespace, made);
    return made;
  }

  #make(namespace: string): Routes {
    const all = [...this.#functions.values()]
      .filter(({ definition }) => definition.namespace === namespace)
      .flatMap((known) =>
        known.definition.triggers.filter(isHttpTrigger).map((route) => ({ ...known, route })),
      )
      // Of two that collide, which takes another node and bad luck, all nodes choose the same.
      .sort((a, b) => compareRoutes(a.route, b.route) || (a.definition.name < b.definition.name ? -1 : 1));
    return Map.groupBy(all, ({ route }) =>
      route.captures[0]?.index === 0 ? CAPTURED : (routeSegments(route.pattern)[0] ?? ''),
    );
  }
}
