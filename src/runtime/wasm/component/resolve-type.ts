import { damaged } from '../binary-reader.ts';
import type { CoreItem, Primitive } from './plan.ts';
import type { ResourceType, Scope, Type, ValueType } from './scope.ts';
import type { TypeRef, TypeSyntax, ValueSyntax } from './syntax.ts';

/** Types within each other; whoever reads them does it by recursion. */
const MAX_DEPTH = 100;

const PRIMITIVE_TYPES = new Map<Primitive, ValueType>();

function primitive(name: Primitive): ValueType {
  const known = PRIMITIVE_TYPES.get(name);
  if (known !== undefined) return known;
  const type: ValueType = { kind: 'primitive', name, depth: 0 };
  PRIMITIVE_TYPES.set(name, type);
  return type;
}

/** How many others a type lists. */
export function partsOf(syntax: TypeSyntax): number {
  switch (syntax.kind) {
    case 'func':
      return syntax.params.length;
    case 'record':
      return syntax.fields.length;
    case 'variant':
      return syntax.cases.length;
    default:
      return 0;
  }
}

/** What a type as it is written means in a scope. */
export function resolveType(
  syntax: TypeSyntax,
  scope: Scope,
  addResource: (destructor: CoreItem | undefined) => ResourceType,
): Type {
  switch (syntax.kind) {
    case 'component':
    case 'instance':
      return { kind: syntax.kind, declarations: syntax.declarations, scope };
    case 'resource':
      return addResource(
        syntax.destructor === undefined ? undefined : scope.get('core func', syntax.destructor),
      );
    case 'func':
      return {
        kind: 'func',
        params: syntax.params.map(([, type]) => valueType(type, scope)),
        result: syntax.result === undefined ? undefined : valueType(syntax.result, scope),
      };
    default:
      return resolveValue(syntax, scope);
  }
}

function valueType(ref: TypeRef, scope: Scope): ValueType {
  if (typeof ref !== 'number') return primitive(ref);
  const type = scope.get('type', ref);
  if (!('depth' in type)) throw damaged(`the component uses its type ${ref} as that of a value`);
  return type;
}

function resolveValue(syntax: ValueSyntax, scope: Scope): ValueType {
  switch (syntax.kind) {
    case 'primitive':
      return primitive(syntax.name);
    case 'list': {
      const of = valueType(syntax.of, scope);
      return { kind: 'list', of, depth: deeper([of]) };
    }
    case 'record': {
      const fields = syntax.fields.map(([name, type]) => [name, valueType(type, scope)] as const);
      return { kind: 'record', fields, depth: deeper(fields.map(([, type]) => type)) };
    }
    case 'variant': {
      const cases = syntax.cases.map(
        ([name, type]) => [name, type === undefined ? undefined : valueType(type, scope)] as const,
      );
      return { kind: 'variant', cases, depth: deeper(cases.map(([, type]) => type)) };
    }
    case 'flags':
      return { kind: 'flags', names: syntax.names, depth: 0 };
    case 'own':
    case 'borrow': {
      const resource = scope.get('type', syntax.resource);
      if (resource.kind !== 'resource')
        throw damaged(`the component uses its type ${syntax.resource} as a resource`);
      return { kind: syntax.kind, resource, depth: 0 };
    }
  }
}

function deeper(types: readonly (ValueType | undefined)[]): number {
  let depth = 0;
  for (const type of types) depth = Math.max(depth, type === undefined ? 0 : type.depth);
  if (depth >= MAX_DEPTH) throw damaged(`the component has more than ${MAX_DEPTH} types within each other`);
  return depth + 1;
}

/** Longest description that is made; with a few types it could go on for ever. */
const MAX_SHAPE_CHARS = 400;

/** A type of values in words that are equal when the types are. */
export function shapeOf(type: ValueType | undefined, room = MAX_SHAPE_CHARS): string {
  if (type === undefined) return '_';
  if (room <= 0) return '…';
  const list = (parts: readonly (readonly [string, ValueType | undefined])[]): string => {
    let text = '';
    for (const [name, part] of parts) {
      if (text.length >= room) return `${text}…`;
      text += `${text === '' ? '' : ', '}${name.slice(0, room)}: ${shapeOf(part, room - text.length - name.length)}`;
    }
    return text;
  };
  switch (type.kind) {
    case 'primitive':
      return type.name;
    case 'list':
      return `list<${shapeOf(type.of, room - 4)}>`;
    case 'record':
      return `record { ${list(type.fields)} }`;
    case 'variant':
      return `variant { ${list(type.cases)} }`;
    case 'flags':
      return `flags { ${type.names.join(', ').slice(0, room)} }`;
    default:
      return type.kind;
  }
}
