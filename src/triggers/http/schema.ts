import { z } from 'zod';
import { HTTP_METHODS, type HttpTrigger, parseRoute, type RoutePattern } from '../../core/index.ts';

const routeSchema = z
  .string()
  .meta({
    description:
      'Path to answer. Segments: literal, :name for one segment, and last * or :name* for all the rest.',
    examples: ['/albums/:album'],
  })
  .transform((text, context): RoutePattern => {
    const parsed = parseRoute(text);
    if (typeof parsed !== 'string') return parsed;
    context.addIssue({
      code: 'custom',
      message: parsed,
      params: { hint: 'Write it like /albums/:album or /files/*' },
    });
    return z.NEVER;
  });

const methodsSchema = z
  .array(z.enum(HTTP_METHODS))
  .min(1, { error: 'name a method, or leave the key out for all' })
  .refine((methods) => new Set(methods).size === methods.length, { error: 'a method is named twice' })
  .meta({ description: 'Methods to answer; GET stands for HEAD too. All by default.', examples: [['GET']] });

/** `http: { route: /albums/:album }` as written in a Nexfile, parsed into an {@link HttpTrigger}. */
export const httpTriggerSchema = z
  .strictObject({ http: z.strictObject({ route: routeSchema, methods: methodsSchema.optional() }) })
  .transform(({ http: { route, methods = [] } }): HttpTrigger => ({ kind: 'http', ...route, methods }));

/** A trigger in the form that {@link httpTriggerSchema} reads. */
export function httpTriggerToWire({ pattern, methods }: HttpTrigger): object {
  return { http: { route: pattern, ...(methods.length === 0 ? {} : { methods }) } };
}
