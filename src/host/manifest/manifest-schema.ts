import { z } from 'zod';
import { FUNCTION_TYPES, type Manifest, type StartRequest, TOKEN_PATTERN } from '../../core/index.ts';
import { startRequestSchema } from './start-request-schema.ts';

const typeSchema = z
  .enum(FUNCTION_TYPES)
  .meta({ description: 'Kind of function: javascript (TypeScript too) or wasm, a WebAssembly module.' });

const lifecycleSchema = z.literal('function').meta({ description: 'Nex lifecycle; functions have one.' });

/** A whole Nexfile, parsed into a {@link Manifest}. */
export const manifestSchema = z
  .strictObject({
    $schema: z.string().optional().meta({ description: 'Where editors find this schema.' }),
    name: z
      .string()
      .regex(TOKEN_PATTERN, { error: 'a function name is 1 to 64 letters, digits, - and _' })
      .meta({ description: 'Name of the function, unique in its namespace.', examples: ['hello'] }),
    type: typeSchema,
    lifecycle: lifecycleSchema,
    description: z
      .string()
      .max(1024, { error: 'a description has at most 1024 characters' })
      .default('')
      .meta({ description: 'One line for lists.' }),
    tags: z
      .record(
        z.string().regex(/^[A-Za-z0-9._/-]{1,64}$/, {
          error: 'the name of a tag is 1 to 64 letters, digits and ._/-',
        }),
        z.string().max(256, { error: 'the value of a tag has at most 256 characters' }),
      )
      .default({})
      .meta({ description: 'Tags of the workload.', examples: [{ team: 'web' }] }),
    start_request: startRequestSchema,
  })
  .transform(({ name, type, lifecycle, description, tags, start_request: start }, context): Manifest => {
    if (type !== 'wasm') refuseWasmKeys(start, context);
    return { name, type, lifecycle, description, tags, start };
  })
  .meta({ title: 'Nexfile of a Hairspring function' });

function refuseWasmKeys({ wasm }: StartRequest, context: z.RefinementCtx): void {
  for (const key of ['files', 'reuse'] as const) {
    if (wasm[key] === undefined || wasm[key] === false) continue;
    context.addIssue({
      code: 'custom',
      message: `"${key}" is for type: wasm`,
      path: ['start_request', key],
      params: { target: 'key', hint: 'Remove it, or set type: wasm' },
    });
  }
}
