import { damaged } from '../binary-reader.ts';
import type { CoreItem } from './plan.ts';
import { partsOf, resolveType } from './resolve-type.ts';
import {
  type ComponentItem,
  type CoreInstanceItem,
  type DeclaredType,
  type Entity,
  type FunctionItem,
  type InstanceItem,
  type ResourceType,
  Scope,
} from './scope.ts';
import type { Alias, CanonOptions, CoreSort, Declaration, Definition, Extern, Named } from './syntax.ts';
import { unsupported } from './unsupported.ts';

/** Core instances of one component; an instance of each is made for every message. */
const MAX_STEPS = 64;
/**
 * Definitions that are carried out, those of a component as often as it is instantiated, each with the items of its
 * lists. The examples have up to 363.
 */
const MAX_DEFINITIONS = 200_000;

export interface ElaboratedStep {
  readonly module: number;
  readonly imports: readonly (readonly [name: string, instance: CoreInstanceItem])[];
}

export interface LoweredItem {
  readonly func: FunctionItem;
  readonly options: Extract<FunctionItem, { kind: 'lift' }>['options'];
}

export interface ElaboratedComponent {
  readonly modules: readonly Uint8Array[];
  readonly steps: readonly ElaboratedStep[];
  readonly lowered: readonly LoweredItem[];
  readonly resources: readonly { readonly handles: number | null; readonly destructor: CoreItem | null }[];
  readonly tables: number;
  readonly exports: InstanceItem;
}

/**
 * Carries out the definitions of a component as far as that can be done without an instance: components within it
 * are instantiated, aliases followed, types resolved. What is left is a list of core instances.
 * @throws HS_WASM_INVALID
 */
export function elaborate(definitions: readonly Definition[]): ElaboratedComponent {
  const elaborator = new Elaborator();
  const exports = elaborator.instantiate({ definitions, scope: new Scope(undefined, 0) }, undefined);
  const { modules, steps, lowered, resources, tables } = elaborator;
  return { modules, steps, lowered, resources, tables, exports };
}

class Elaborator {
  readonly modules: Uint8Array[] = [];
  readonly steps: ElaboratedStep[] = [];
  readonly lowered: LoweredItem[] = [];
  readonly resources: { handles: number | null; destructor: CoreItem | null }[] = [];
  readonly #moduleIds = new Map<Uint8Array, number>();
  tables = 0;
  #definitions = 0;

  /** Before anything is walked or copied, so that the limit bounds the work and the size of the plan. */
  #count(amount: number): void {
    this.#definitions += amount;
    if (this.#definitions > MAX_DEFINITIONS)
      throw damaged(
        `the component has more than ${MAX_DEFINITIONS} definitions and items of their lists, counted as often as they are carried out`,
      );
  }

  /** @param args undefined for the outermost component, whose imports are the host's */
  instantiate(component: ComponentItem, args: InstanceItem | undefined): InstanceItem {
    const scope = new Scope(component.scope, this.tables);
    this.tables += 1;
    const exports = new Map<string, Entity>();
    for (const definition of component.definitions) {
      this.#count(sizeOf(definition));
      if (definition.kind === 'export') {
        const entity = scope.entity(definition.sort, definition.index);
        scope.addEntity(entity);
        exports.set(definition.name, entity);
      } else if (definition.kind === 'import') {
        const { name, extern } = definition;
        scope.addEntity(
          args === undefined ? this.#hostImport(scope, name, extern) : given(args, name, extern, scope),
        );
      } else this.#define(scope, definition);
    }
    return exports;
  }

  #define(scope: Scope, definition: Exclude<Definition, { kind: 'import' | 'export' }>): void {
    switch (definition.kind) {
      case 'core module':
        scope.add('core module', this.#moduleId(definition.bytes));
        break;
      case 'core instance':
        scope.add('core instance', this.#coreInstance(scope, definition.module, definition.items));
        break;
      case 'component':
        scope.add('component', { definitions: definition.definitions, scope });
        break;
      case 'instance': {
        const items = new Map(
          definition.items.map(([name, sort, index]) => [name, scope.entity(sort, index)]),
        );
        const { component } = definition;
        scope.add(
          'instance',
          component === undefined ? items : this.instantiate(scope.get('component', component), items),
        );
        break;
      }
      case 'alias':
        scope.addEntity(followAlias(scope, definition.alias));
        break;
      case 'type':
        scope.add(
          'type',
          resolveType(definition.type, scope, (destructor) =>
            this.#addResource(scope.handles, destructor ?? null),
          ),
        );
        break;
      case 'lift': {
        const type = scope.get('type', definition.type);
        if (type.kind !== 'func') throw damaged('the component has a function whose type is none of one');
        const core = scope.get('core func', definition.func);
        scope.add('func', { kind: 'lift', core, type, options: resolveOptions(scope, definition.options) });
        break;
      }
      case 'lower': {
        const func = scope.get('func', definition.func);
        this.#count(func.type.params.length);
        this.lowered.push({ func, options: resolveOptions(scope, definition.options) });
        scope.add('core func', { kind: 'lower', index: this.lowered.length - 1 });
        break;
      }
      case 'resource': {
        const type = scope.get('type', definition.type);
        if (type.kind !== 'resource') throw damaged('the component uses a type as that of a resource');
        const { operation } = definition;
        scope.add('core func', { kind: 'resource', operation, resource: type.id, handles: scope.handles });
        break;
      }
    }
  }

  #moduleId(bytes: Uint8Array): number {
    const known = this.#moduleIds.get(bytes);
    if (known !== undefined) return known;
    this.#moduleIds.set(bytes, this.modules.length);
    return this.modules.push(bytes) - 1;
  }

  #addResource(handles: number | null, destructor: CoreItem | null): ResourceType {
    this.resources.push({ handles, destructor });
    return { kind: 'resource', id: this.resources.length - 1 };
  }

  #coreInstance(scope: Scope, module: number | undefined, items: readonly Named[]): CoreInstanceItem {
    if (module === undefined) {
      const entities = items.map(([name, sort, index]) => [name, scope.entity(sort, index).item] as const);
      return { items: new Map(entities as [string, CoreItem][]) };
    }
    if (this.steps.length >= MAX_STEPS)
      throw unsupported(`it is made of more than ${MAX_STEPS} instances of modules`);
    const imports = items.map(([name, sort, index]) => {
      if (sort !== 'core instance') throw damaged(`the component gives a module a ${sort}`);
      const instance = scope.get(sort, index);
      if ('items' in instance) this.#count(instance.items.size);
      return [name, instance] as const;
    });
    this.steps.push({ module: scope.get('core module', module), imports });
    return { step: this.steps.length - 1 };
  }

  /** What the outermost component imports. */
  #hostImport(scope: Scope, name: string, extern: Extern): Entity {
    switch (extern.sort) {
      case 'func':
        return { sort: 'func', item: hostFunction(scope, '', name, extern.index) };
      case 'type':
        return this.#importedType(scope, extern.equals);
      case 'instance':
        return { sort: 'instance', item: this.#hostInstance(scope, name, extern.index) };
      default:
        throw unsupported(`it imports the ${extern.sort} ${JSON.stringify(name.slice(0, 80))}`);
    }
  }

  #importedType(scope: Scope, equals: number | undefined): Entity {
    const item = equals === undefined ? this.#addResource(null, null) : scope.get('type', equals);
    return { sort: 'type', item };
  }

  /** An instance of the host's with what its type says that it exports. */
  #hostInstance(outer: Scope, from: string, index: number): InstanceItem {
    const type = outer.get('type', index);
    if (type.kind !== 'instance') throw damaged(`the component imports ${from}, whose type is none of one`);
    return this.#declare(type, from);
  }

  #declare({ declarations, scope: outer }: DeclaredType, from: string): InstanceItem {
    const scope = new Scope(outer, outer.handles);
    const exports = new Map<string, Entity>();
    for (const declaration of declarations) {
      this.#count(sizeOf(declaration));
      const entity = this.#declaration(scope, declaration, from);
      scope.addEntity(entity);
      if (declaration.kind === 'export') exports.set(declaration.name, entity);
    }
    return exports;
  }

  #declaration(scope: Scope, declaration: Declaration, from: string): Entity {
    switch (declaration.kind) {
      case 'type': {
        const item = resolveType(declaration.type, scope, () => this.#addResource(null, null));
        return { sort: 'type', item };
      }
      case 'alias':
        return followAlias(scope, declaration.alias);
      case 'export': {
        const { extern, name } = declaration;
        if (extern.sort === 'func')
          return { sort: 'func', item: hostFunction(scope, from, name, extern.index) };
        if (extern.sort === 'type') return this.#importedType(scope, extern.equals);
        if (extern.sort === 'instance')
          return { sort: 'instance', item: this.#hostInstance(scope, `${from}.${name}`, extern.index) };
        throw unsupported(`it imports a ${extern.sort}`);
      }
      case 'import':
        throw damaged('the component has a type of instances with an import');
    }
  }
}

/** One, and the items of its lists. */
function sizeOf(definition: Definition | Declaration): number {
  switch (definition.kind) {
    case 'instance':
    case 'core instance':
      return 1 + definition.items.length;
    case 'type':
      return 1 + partsOf(definition.type);
    default:
      return 1;
  }
}

function hostFunction(scope: Scope, from: string, name: string, index: number): FunctionItem {
  const type = scope.get('type', index);
  if (type.kind !== 'func') throw damaged(`the component imports the function ${name} with another type`);
  return { kind: 'host', from, name, type };
}

/** What a component within another is given for an import. */
function given(args: InstanceItem, name: string, extern: Extern, scope: Scope): Entity {
  const entity = args.get(name);
  if (entity !== undefined && entity.sort === extern.sort) return entity;
  if (entity === undefined && extern.sort === 'type' && extern.equals !== undefined)
    return { sort: 'type', item: scope.get('type', extern.equals) };
  throw damaged(`a component within it is not given the ${extern.sort} ${JSON.stringify(name.slice(0, 80))}`);
}

function followAlias(scope: Scope, alias: Alias): Entity {
  if (alias.of === 'outer') {
    let outer: Scope | undefined = scope;
    for (let count = alias.count; count > 0 && outer !== undefined; count -= 1) outer = outer.parent;
    if (outer === undefined) throw damaged('the component has an alias that leads out of it');
    return outer.entity(alias.sort, alias.index);
  }
  if (alias.of === 'core export') return coreExport(scope, alias);
  const entity = scope.get('instance', alias.instance).get(alias.name);
  if (entity === undefined || entity.sort !== alias.sort)
    throw damaged(`the component has an alias of a ${alias.sort} that is not there`);
  return entity;
}

function coreExport(scope: Scope, { instance, name, sort }: Exclude<Alias, { of: 'outer' }>): Entity {
  const from = scope.get('core instance', instance);
  const item: CoreItem | undefined =
    'step' in from ? { kind: 'export', instance: from.step, name } : from.items.get(name);
  if (item === undefined || !isCoreItemSort(sort))
    throw damaged(`the component has an alias of a ${sort} that is not there`);
  return { sort, item };
}

function isCoreItemSort(sort: string): sort is `core ${Exclude<CoreSort, 'type' | 'module' | 'instance'>}` {
  return /^core (?:func|table|memory|global|tag)$/.test(sort);
}

function resolveOptions(scope: Scope, { memory, realloc, postReturn }: CanonOptions): LoweredItem['options'] {
  return {
    memory: memory === undefined ? null : scope.get('core memory', memory),
    realloc: realloc === undefined ? null : scope.get('core func', realloc),
    postReturn: postReturn === undefined ? null : scope.get('core func', postReturn),
    handles: scope.handles,
  };
}
