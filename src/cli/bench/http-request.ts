import { validateHeaderName, validateHeaderValue } from 'node:http';
import {
  answersMethod,
  HairspringError,
  HTTP_METHODS,
  type HttpTrigger,
  isHttpTrigger,
  type Manifest,
} from '../../core/index.ts';
import { samplePath, takesPath } from '../deploy/sample.ts';
import type { HttpTo } from './bench-run.ts';

export interface HttpRequestOptions {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly hasBody: boolean;
}

/** The gateway refuses a body with these. */
const WITHOUT_BODY: readonly string[] = ['GET', 'HEAD'];
/** Those that go with a body come first where there is one. */
const BODY_FIRST = ['POST', 'PUT', 'PATCH', ...HTTP_METHODS];

/**
 * The request that the options name, the rest taken from the first trigger that fits: its first method that goes with
 * the body, or without one; its route with the captures filled in.
 * @throws HS_USAGE when none fits, or for what is no request
 */
export function httpRequestFor({ name, start }: Manifest, options: HttpRequestOptions): HttpTo {
  const triggers = start.triggers.filter(isHttpTrigger);
  checkSyntax(name, options);
  for (const trigger of triggers) {
    const path = options.path ?? samplePath(trigger);
    const method = methodFor(trigger, options);
    if (method === undefined || !takesPath(trigger, path)) continue;
    return { transport: 'http', method, path, status: 200 };
  }
  const { method, path, hasBody } = options;
  const what = [method ?? 'a request', ...(path === undefined ? [] : [path])].join(' ');
  const body = hasBody ? ' with a payload' : '';
  const list = triggers.map(({ methods, pattern }) => [
    ...(methods.length === 0 ? ['any'] : methods),
    pattern,
  ]);
  throw new HairspringError(
    'HS_USAGE',
    `Cannot measure "${name}" by ${what}${body}: no trigger of it takes that`,
    {
      hint:
        list.length === 0
          ? 'It has no HTTP trigger; leave out --method and --path'
          : `Its HTTP triggers are ${list.map((each) => each.join(' ')).join(', ')}; GET and HEAD take no payload`,
    },
  );
}

function methodFor(trigger: HttpTrigger, { method, hasBody }: HttpRequestOptions): string | undefined {
  const fits = (each: string): boolean =>
    answersMethod(trigger, each) && !(hasBody && WITHOUT_BODY.includes(each));
  if (method !== undefined) return fits(method.toUpperCase()) ? method.toUpperCase() : undefined;
  return (hasBody ? BODY_FIRST : HTTP_METHODS).find(fits);
}

/** What goes over the wire as it is must be what it seems. */
function checkSyntax(name: string, { path = '/', headers }: HttpRequestOptions): void {
  if (!/^\/[!-~]*$/.test(path) || path.includes('#'))
    throw new HairspringError('HS_USAGE', `Cannot measure "${name}" by "${path}": it is no path`, {
      hint: 'A path begins with "/", has no "#", and what is not ASCII is percent-encoded',
    });
  for (const [field, value] of Object.entries(headers)) {
    try {
      validateHeaderName(field);
      validateHeaderValue(field, value);
    } catch (cause) {
      throw new HairspringError('HS_USAGE', `Cannot send header "${field}": HTTP does not allow it`, {
        cause,
      });
    }
  }
}
