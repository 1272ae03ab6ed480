import { type Binding, formatBytes, HairspringError } from '../../../core/index.ts';
import { MAX_TABLE_ELEMENTS, tableGrowth } from '../bound-tables.ts';
import { PAGE_BYTES } from '../import-memory.ts';
import { type ModuleOutline, readOutline } from '../module-outline.ts';
import { type InstanceState, type PreparedModule, prepareModule } from '../prepare-module.ts';
import { checkLinks } from './check-links.ts';
import { type ElaboratedComponent, elaborate } from './elaborate.ts';
import { checkImport, type ImportedFunction, mayWait } from './interfaces.ts';
import { makePlan } from './make-plan.ts';
import type { ComponentPlan, StepMemory } from './plan.ts';
import { readComponent } from './read-component.ts';

const MAX_FUNCTIONS = 100_000;

export interface InspectedComponent {
  readonly plan: ComponentPlan;
  /** The core modules, with their memories imported and bounded. */
  readonly modules: readonly Uint8Array[];
  readonly memories: readonly StepMemory[];
  /** What each core instance may have changed when it is done; undefined where one may have changed more. */
  readonly states: readonly InstanceState[] | undefined;
  readonly suspends: boolean;
}

/**
 * Takes a component apart, and says in plain words why it cannot run.
 * @param services those that the function has a binding of
 * @throws HS_WASM_INVALID, HS_FUNCTION_MEMORY
 */
export function inspectComponent(
  name: string,
  bytes: Uint8Array,
  memoryBytes: number,
  services: ReadonlySet<Binding['service']>,
): InspectedComponent {
  const component = takeApart(name, bytes);
  const imports = importsOf(component);
  for (const each of imports) checkImport(name, each, services);
  const plan = makePlan(name, component);
  const outlines = component.modules.map((module) => outlineOf(name, module));
  checkLinks(name, plan, outlines);
  const memories = divideMemory(name, component, outlines, memoryBytes);
  checkSizes(name, component, outlines);
  const growth = tableGrowth(component.steps.flatMap(({ module }) => outlines[module] ?? []));
  const prepared = component.modules.map((module, index) => {
    const own = memories[component.steps.findIndex((step) => step.module === index)];
    return prepareModule(
      module,
      outlines[index] ?? outlineOf(name, module),
      (own?.maxPages ?? 0) * PAGE_BYTES,
      growth,
    );
  });
  return {
    plan,
    modules: prepared.map(({ bytes }) => bytes),
    memories,
    states: statesOf(component, prepared),
    suspends: mayWait(imports),
  };
}

function statesOf(
  { steps }: ElaboratedComponent,
  prepared: readonly PreparedModule[],
): readonly InstanceState[] | undefined {
  const states = steps.map(({ module }) => prepared[module]?.state).filter((state) => state !== undefined);
  if (states.length < steps.length) return undefined;
  // A start function may call other modules, and so write to memory that is not its own.
  if (!states.some(({ starts }) => starts)) return states;
  return states.map((state) => ({ ...state, data: undefined }));
}

function takeApart(name: string, bytes: Uint8Array): ElaboratedComponent {
  try {
    return elaborate(readComponent(bytes));
  } catch (error) {
    throw refusalOf(name, error);
  }
}

function outlineOf(name: string, module: Uint8Array): ModuleOutline {
  try {
    return readOutline(module);
  } catch (error) {
    throw refusalOf(name, error);
  }
}

/** Of what the readers found; anything else they threw comes of bytes that are no component. */
function refusalOf(name: string, error: unknown): HairspringError {
  const { message, hint } = HairspringError.is(error)
    ? error
    : { message: 'it cannot be read', hint: undefined };
  return new HairspringError('HS_WASM_INVALID', `Cannot load ${name}: ${message}`, {
    hint: hint ?? 'It is a damaged component; build it anew',
    cause: error,
  });
}

function importsOf({ lowered }: ElaboratedComponent): readonly ImportedFunction[] {
  return lowered.flatMap(({ func }) => (func.kind === 'host' ? [{ from: func.from, name: func.name }] : []));
}

/**
 * All memories of an instance together hold what one may: beyond what each begins with, they get equal parts. A
 * module of which there are several instances is compiled once, so its instances have the same bound.
 */
function divideMemory(
  name: string,
  { steps }: ElaboratedComponent,
  outlines: readonly ModuleOutline[],
  memoryBytes: number,
): readonly StepMemory[] {
  const mins = steps.map(({ module }) => outlines[module]?.memories[0]);
  const own = mins.filter((each) => each !== undefined);
  const minPages = own.reduce((sum, { min }) => sum + min, 0);
  if (minPages * PAGE_BYTES > memoryBytes) {
    throw new HairspringError(
      'HS_FUNCTION_MEMORY',
      `Cannot load ${name}: its memories begin with ${formatBytes(minPages * PAGE_BYTES)}, and limits.memory is ${formatBytes(memoryBytes)}`,
    );
  }
  const part = Math.floor((Math.floor(memoryBytes / PAGE_BYTES) - minPages) / Math.max(1, own.length));
  return mins.map((memory) => {
    if (memory === undefined) return null;
    const maxPages = Math.min(memory.max ?? Number.POSITIVE_INFINITY, memory.min + part);
    return { minPages: memory.min, maxPages: Math.max(memory.min, maxPages) };
  });
}

function checkSizes(
  name: string,
  { steps, modules }: ElaboratedComponent,
  outlines: readonly ModuleOutline[],
): void {
  const refuse = (detail: string, hint = 'Build a smaller component'): never => {
    throw new HairspringError('HS_WASM_INVALID', `Cannot load ${name}: ${detail}`, { hint });
  };
  for (const { memories, imports } of outlines) {
    const imported = imports.filter(({ kind }) => kind === 'memory').length;
    if (memories.length + imported > 1)
      refuse(
        'one of its modules has more than one memory',
        'Build it with one linear memory for each module',
      );
    for (const { shared, is64 } of memories)
      if (shared || is64)
        refuse('one of its memories is shared or 64-bit', 'Build it for wasm32 without threads');
  }
  const functions = outlines.reduce((sum, each) => sum + each.functions, 0);
  if (functions > MAX_FUNCTIONS) refuse(`it has ${functions} functions, and ${MAX_FUNCTIONS} is the limit`);
  if (modules.length > steps.length + 64) refuse(`it has ${modules.length} modules, and does not use them`);
  let elements = 0;
  for (const { module } of steps) for (const { min } of outlines[module]?.tables ?? []) elements += min;
  if (elements > MAX_TABLE_ELEMENTS)
    refuse(`its tables have ${elements} elements, and ${MAX_TABLE_ELEMENTS} is the limit`);
}
