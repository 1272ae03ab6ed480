import { z } from 'zod';
import { manifestSchema } from './manifest-schema.ts';
import { startRequestSchema } from './start-request-schema.ts';

/** The parts of a JSON Schema that problem messages are made from. */
export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly examples?: readonly unknown[];
}

/** JSON Schema (draft-07, self-contained) of a start request, as the text that a node bids with. */
export function startRequestJsonSchema(): string {
  return JSON.stringify(generate(startRequestSchema));
}

/** JSON Schema (draft-07, self-contained) of a whole Nexfile, indented, for editors. */
export function nexfileJsonSchema(): string {
  return `${JSON.stringify(generate(manifestSchema), null, 2)}\n`;
}

/** The JSON Schema of `schema` as input, for looking up keys and examples. */
export function describeSchema(schema: z.ZodType): JsonSchema {
  return generate(schema) as JsonSchema;
}

/** The part of `schema` that describes what is at `path` of `value`, decided where it has alternatives. */
export function schemaAt(
  schema: JsonSchema | undefined,
  path: readonly PropertyKey[],
  value: unknown,
): JsonSchema | undefined {
  return decide(unresolvedSchemaAt(schema, path, value), valueAt(value, path));
}

/** As {@link schemaAt}, with the last schema's alternatives left open. */
export function unresolvedSchemaAt(
  schema: JsonSchema | undefined,
  path: readonly PropertyKey[],
  value: unknown,
): JsonSchema | undefined {
  const [segment, ...rest] = path;
  if (segment === undefined) return schema;
  const own = decide(schema, value);
  if (own === undefined) return undefined;
  const inner = valueAt(value, [segment]);
  if (typeof segment === 'number') return unresolvedSchemaAt(own.items, rest, inner);
  const key = String(segment);
  const others = typeof own.additionalProperties === 'object' ? own.additionalProperties : undefined;
  const named = own.properties !== undefined && Object.hasOwn(own.properties, key);
  return unresolvedSchemaAt(named ? own.properties?.[key] : others, rest, inner);
}

/** Index of the alternative whose required keys `value` has; 0 if none fits. */
export function alternativeIndex(schema: JsonSchema | undefined, value: unknown): number {
  const index = (schema?.anyOf ?? []).findIndex((option) =>
    (option.required ?? []).every((key) => valueAt(value, [key]) !== undefined),
  );
  return Math.max(index, 0);
}

/** What is at `path` of `value`; own properties only. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const segment of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, segment)) return undefined;
    current = (current as Readonly<Record<PropertyKey, unknown>>)[segment];
  }
  return current;
}

function decide(schema: JsonSchema | undefined, value: unknown): JsonSchema | undefined {
  return schema?.anyOf === undefined ? schema : schema.anyOf[alternativeIndex(schema, value)];
}

function generate(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
}
