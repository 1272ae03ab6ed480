import { z } from 'zod';
import type { HttpBinding } from '../../core/index.ts';
import { HTTP_LIMITS } from './limits.ts';
import { parseUrlPattern } from './url-pattern.ts';

const HINT = 'Write such as https://api.example.com/v1/*';

const urlSchema = z
  .string()
  .superRefine((text, context) => {
    const pattern = parseUrlPattern(text);
    if (typeof pattern !== 'string') return;
    context.addIssue({ code: 'custom', message: pattern, params: { hint: HINT } });
  })
  .meta({ examples: ['https://api.example.com/*'] });

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** `http: [patterns]` as written in a Nexfile, parsed into an {@link HttpBinding}. */
export const httpBindingSchema = z
  .strictObject({
    http: z
      .array(urlSchema)
      .min(1, { error: 'it names no URL' })
      .max(HTTP_LIMITS.urlPatterns, { error: `a binding has at most ${HTTP_LIMITS.urlPatterns} patterns` })
      .meta({
        description:
          'URLs that the function may fetch: scheme, host (*.example.com for the names below it), port, and a path in which * stands for any characters.',
        examples: [['https://api.example.com/*']],
      }),
    methods: z
      .array(z.enum(METHODS))
      .min(1, { error: 'it names no method' })
      .optional()
      .meta({ description: 'Methods that the function may use; all where it is left out.' }),
    private: z.boolean().default(false).meta({
      description:
        'true: the hosts named may be at private, loopback and other addresses that are not public.',
    }),
  })
  .superRefine((binding, context) => {
    if (!binding.private) return;
    for (const [index, text] of binding.http.entries()) {
      const pattern = parseUrlPattern(text);
      if (typeof pattern === 'string' || !pattern.subdomains) continue;
      context.addIssue({
        code: 'custom',
        message: 'private: true needs each host named in full',
        path: ['http', index],
        params: { hint: 'Name the hosts, or leave private out' },
      });
    }
  })
  .transform(
    ({ http, methods = [], ...rest }): HttpBinding => ({ service: 'http', urls: http, methods, ...rest }),
  );
