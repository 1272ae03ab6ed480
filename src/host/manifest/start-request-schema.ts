import { posix } from 'node:path';
import { z } from 'zod';
import {
  type Binding,
  HairspringError,
  HOST_LIMITS,
  isHttpTrigger,
  routesCollide,
  type Source,
  type StartRequest,
  subjectsOverlap,
  type Trigger,
} from '../../core/index.ts';
import { BINDING_COMPANIONS, BINDING_SCHEMAS } from '../../hostservices/schemas.ts';
import { PLANNED_TRIGGERS, TRIGGER_SCHEMAS } from '../../triggers/schemas.ts';
import { limitsSchema } from './limits-schema.ts';
import { oneOfKind } from './one-of-kind.ts';
import { parseObjectUri } from './uri.ts';

/** Bytes of all names and values of `environment` together; definitions stay small enough for a KV value. */
const ENVIRONMENT_BYTES = 64 * 1024;

const LABEL_PATTERN = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

const labelSchema = z
  .string()
  .regex(LABEL_PATTERN, {
    error: 'a name in env is 1 to 64 letters, digits and _, not beginning with a digit',
  })
  .refine((label) => !(label in Object.prototype) && label !== 'prototype', {
    error: 'the name is reserved by JavaScript',
  });

const mainSchema = z
  .string()
  .refine(isInside, {
    error: 'it is not a file below the folder of the Nexfile',
    params: { hint: 'Write a relative path with forward slashes, such as src/index.ts' },
  })
  .meta({ description: 'Source file, bundled at deploy. Either this or uri.', examples: ['src/index.ts'] });

const uriSchema = z
  .string()
  .superRefine((uri, context) => {
    try {
      parseObjectUri(uri);
    } catch (error) {
      const { hint } = HairspringError.from(error);
      context.addIssue({ code: 'custom', message: 'it is not a nats:// uri of an object', params: { hint } });
    }
  })
  .meta({
    description: 'Code in an object store, as nats://BUCKET/NAME[:TAG]. Either this or main.',
    examples: ['nats://code/hello.js:v1'],
  });

const triggerSchema: z.ZodType<Trigger> = oneOfKind('trigger', TRIGGER_SCHEMAS, PLANNED_TRIGGERS);
const bindingSchema: z.ZodType<Binding> = oneOfKind('binding', BINDING_SCHEMAS, [], BINDING_COMPANIONS);

const triggersSchema = z
  .array(triggerSchema)
  .max(HOST_LIMITS.triggersPerFunction, {
    error: `a function has at most ${HOST_LIMITS.triggersPerFunction} triggers`,
    abort: true,
  })
  .superRefine(refuseOverlap)
  .default([])
  .meta({ description: 'What wakes the function. Without any it runs by `hairspring invoke` alone.' });

const bindingsSchema = z
  .record(labelSchema, bindingSchema)
  .refine((bindings) => Object.keys(bindings).length <= HOST_LIMITS.bindingsPerFunction, {
    error: `a function has at most ${HOST_LIMITS.bindingsPerFunction} bindings`,
  })
  .default({})
  .meta({ description: 'Grants of host services, by the name under which the handler finds them in env.' });

const environmentSchema = z
  .record(labelSchema, z.string())
  .refine((environment) => Buffer.byteLength(JSON.stringify(environment)) <= ENVIRONMENT_BYTES, {
    error: `names and values together are limited to ${ENVIRONMENT_BYTES} bytes`,
  })
  .default({})
  .meta({ description: 'Texts that the handler finds in env.', examples: [{ LOG_LEVEL: 'info' }] });

const filesSchema = z
  .string()
  .refine(isInside, {
    error: 'it is not a folder below that of the Nexfile',
    params: { hint: 'Write a relative path with forward slashes, such as static' },
  })
  .meta({ description: 'Folder whose files a WebAssembly command finds under "/". type: wasm only.' });

const reuseSchema = z
  .boolean()
  .default(false)
  .meta({ description: 'Whether a WebAssembly reactor keeps its state between messages. type: wasm only.' });

/** The part of a Nexfile under `start_request`, parsed into a {@link StartRequest}. */
export const startRequestSchema = z
  .strictObject({
    main: mainSchema.optional(),
    uri: uriSchema.optional(),
    triggers: triggersSchema,
    bindings: bindingsSchema,
    environment: environmentSchema,
    files: filesSchema.optional(),
    reuse: reuseSchema,
    limits: limitsSchema.prefault({}).meta({ description: 'Ceilings of the function.' }),
  })
  .transform(({ main, uri, files, reuse, ...rest }, context): StartRequest => {
    const source = chooseSource(main, uri);
    if (source === undefined) {
      context.addIssue({
        code: 'custom',
        message:
          main === undefined
            ? 'it has neither "main" nor "uri"'
            : 'it has both "main" and "uri", and takes one',
        params: { hint: 'Name the source file with main, or an object with uri' },
      });
    }
    const shared = Object.keys(rest.environment).find((name) => Object.hasOwn(rest.bindings, name));
    if (shared !== undefined) {
      context.addIssue({
        code: 'custom',
        message: 'a binding has the same name, and both appear in env',
        path: ['environment', shared],
        params: { target: 'key', hint: 'Rename one of the two' },
      });
    }
    return { source: source ?? z.NEVER, ...rest, wasm: { files, reuse } };
  })
  .meta({
    title: 'Hairspring start request',
    oneOf: [{ required: ['main'] }, { required: ['uri'] }],
  });

function chooseSource(main: string | undefined, uri: string | undefined): Source | undefined {
  if (main !== undefined && uri === undefined) return { kind: 'main', path: main };
  if (uri !== undefined && main === undefined) return { kind: 'uri', uri };
  return undefined;
}

/** Overlapping subjects would run the function twice for one message, and of two equal routes one would never be used. */
function refuseOverlap(triggers: readonly Trigger[], context: z.RefinementCtx): void {
  for (const [index, trigger] of triggers.entries()) {
    const earlier = triggers.findIndex((other, at) => at < index && overlap(other, trigger));
    if (earlier === -1) continue;
    const other = `"${triggers[earlier]?.pattern}" of triggers[${earlier}]`;
    const [message, path] = isHttpTrigger(trigger)
      ? [`it takes the same requests as ${other}`, [index, 'http', 'route']]
      : [`it overlaps ${other}, so one message would run the function twice`, [index, 'subject']];
    context.addIssue({
      code: 'custom',
      message,
      path,
      params: { hint: 'Remove one of the two, or make them exclude each other' },
    });
  }
}

function overlap(a: Trigger, b: Trigger): boolean {
  if (isHttpTrigger(a)) return isHttpTrigger(b) && routesCollide(a, b);
  return !isHttpTrigger(b) && subjectsOverlap(a.subject, b.subject);
}

function isInside(path: string): boolean {
  if (path === '' || path.includes('\0') || path.includes('\\')) return false;
  const plain = posix.normalize(path);
  return !posix.isAbsolute(plain) && plain !== '.' && !plain.endsWith('/') && plain.split('/')[0] !== '..';
}
