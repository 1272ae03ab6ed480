/** Paths of HTTP triggers as values: patterns with captures, which of two fits better, and when two are the same. */
import type { SubjectCapture } from './subject.ts';

/** Methods that a route may answer; TRACE and CONNECT are for servers and proxies. */
export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

export type HttpMethod = (typeof HTTP_METHODS)[number];

/** `/albums/:album` parsed. */
export interface RoutePattern {
  /** As written. */
  readonly pattern: string;
  /** One per `:name` and `*`: the position of its segment, its name, and whether it takes all the rest. */
  readonly captures: readonly SubjectCapture[];
}

/** What a route answers. */
export interface Route extends RoutePattern {
  /** Empty for all. */
  readonly methods: readonly HttpMethod[];
}

const MAX_ROUTE_CHARS = 512;
/** Of `pchar` in RFC 3986 what needs no encoding anywhere and means nothing in a pattern. */
const LITERAL = /^[A-Za-z0-9._~!$&'()+,;=@-]+$/;
const CAPTURE = /^:([A-Za-z_][A-Za-z0-9_]{0,63})(\*?)$/;

/** The segments of a path: `/a/b` has two, `/` has one that is empty. */
export function routeSegments(path: string): string[] {
  return path.slice(1).split('/');
}

/**
 * Parses the path of an HTTP trigger. Segments: literal, `:name` (one segment), and last `*` or `:name*` (all the
 * rest, perhaps nothing). An unnamed one is named by its order: `"0"`.
 * @returns the pattern, or what is wrong with it as a sentence
 */
export function parseRoute(pattern: string): RoutePattern | string {
  if (!pattern.startsWith('/')) return 'a route begins with "/"';
  if (pattern.length > MAX_ROUTE_CHARS) return `a route has at most ${MAX_ROUTE_CHARS} characters`;
  const captures: SubjectCapture[] = [];
  const segments = routeSegments(pattern);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    const named = CAPTURE.exec(segment);
    const rest = segment === '*' || named?.[2] === '*';
    if (rest && !isLast) return `"${segment}" takes all the rest, so it must be the last segment`;
    if (rest || named !== null) {
      const name = named?.[1] ?? String(captures.length);
      if (name === '__proto__') return '"__proto__" cannot name a capture';
      if (captures.some((capture) => capture.name === name)) return `the name "${name}" is used twice`;
      captures.push({ index, name, rest });
    } else if (segment === '') {
      if (!isLast) return 'a segment is empty';
    } else if (segment === '.' || segment === '..') return `"${segment}" is no segment: clients resolve it`;
    else if (!LITERAL.test(segment))
      return `"${segment}" is neither letters, digits and the signs that a path has unencoded, nor :name or *`;
  }
  return { pattern, captures };
}

/** The pattern without the names of its captures: routes of the same shape take the same paths. */
export function routeShape({ pattern, captures }: RoutePattern): string {
  const segments = routeSegments(pattern);
  for (const { index, rest } of captures) segments[index] = rest ? '*' : ':';
  return `/${segments.join('/')}`;
}

export function answersMethod({ methods }: Pick<Route, 'methods'>, method: string): boolean {
  if (!isHttpMethod(method)) return false;
  // Whoever may read a thing may ask what reading it would say.
  return methods.length === 0 || methods.includes(method) || (method === 'HEAD' && methods.includes('GET'));
}

function isHttpMethod(method: string): method is HttpMethod {
  return (HTTP_METHODS as readonly string[]).includes(method);
}

/** Whether some request would go to both with nothing to choose between them. */
export function routesCollide(a: Route, b: Route): boolean {
  return (
    routeShape(a) === routeShape(b) &&
    HTTP_METHODS.some((one) => answersMethod(a, one) && answersMethod(b, one))
  );
}

/** Whether a path, in segments as they were sent, is one of the route. */
export function routeMatches(route: RoutePattern, segments: readonly string[]): boolean {
  const own = routeSegments(route.pattern);
  const last = route.captures.at(-1);
  const rest = last?.rest === true ? last.index : undefined;
  if (rest === undefined ? own.length !== segments.length : segments.length <= rest) return false;
  return own.every((segment, index) => {
    if (index === rest) return true;
    const isCaptured = route.captures.some((capture) => capture.index === index);
    return isCaptured ? segments[index] !== '' : segment === segments[index];
  });
}

/** Sorts the route first that says more of a path: from left to right literals before `:name` before `*`. */
export function compareRoutes(a: RoutePattern, b: RoutePattern): number {
  const left = ranksOf(a);
  const right = ranksOf(b);
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return right.length - left.length;
}

function ranksOf({ pattern, captures }: RoutePattern): number[] {
  const ranks = routeSegments(pattern).map(() => 0);
  for (const { index, rest } of captures) ranks[index] = rest ? 2 : 1;
  return ranks;
}
