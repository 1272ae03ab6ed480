import { HairspringError } from '../../../core/index.ts';
import type { ModuleOutline } from '../module-outline.ts';
import type { ComponentPlan, CoreItem, PlanOptions } from './plan.ts';

/** Of the names in a plan, each as often as it is written there: it crosses as text. */
const MAX_NAME_CHARS = 1_000_000;

/**
 * Sees to it that what is taken from a core instance is exported by its module, and that each module is given what
 * it imports: otherwise the first message would find that out. Their types are compared by the engine.
 * @throws HS_WASM_INVALID
 */
export function checkLinks(name: string, plan: ComponentPlan, outlines: readonly ModuleOutline[]): void {
  const refuse = (detail: string): never => {
    throw new HairspringError('HS_WASM_INVALID', `Cannot load ${name}: ${detail}`, {
      hint: 'It is a damaged component; build it anew',
    });
  };
  const exportsOf = (instance: number): ModuleOutline['exports'] | undefined =>
    outlines[plan.steps[instance]?.module ?? -1]?.exports;
  let chars = 0;
  const count = (written: string): void => {
    chars += written.length;
    if (chars > MAX_NAME_CHARS)
      refuse(`the names of what its modules are given have more than ${MAX_NAME_CHARS} characters together`);
  };
  const check = (item: CoreItem | null): void => {
    if (item?.kind !== 'export') return;
    count(item.name);
    if (exportsOf(item.instance)?.has(item.name) !== true)
      refuse(`it takes ${JSON.stringify(item.name.slice(0, 80))} from a module that does not export it`);
  };
  const checkOptions = ({ memory, realloc, postReturn }: PlanOptions): void => {
    for (const item of [memory, realloc, postReturn]) check(item);
  };
  for (const { func, options } of [
    ...plan.lowered,
    ...[plan.handler?.func ?? [], plan.http ?? []].flat().map((func) => ({ func, options: func.options })),
  ]) {
    checkOptions(options);
    if (func.kind === 'host') continue;
    check(func.core);
    checkOptions(func.options);
  }
  for (const { destructor } of plan.resources) check(destructor);
  for (const { module, imports } of plan.steps) {
    const given = new Map<string, { has(name: string): boolean } | undefined>();
    for (const [from, items] of imports) {
      count(from);
      given.set(from, typeof items === 'number' ? exportsOf(items) : new Map(items));
      if (typeof items === 'number') continue;
      for (const [name, item] of items) {
        count(name);
        check(item);
      }
    }
    for (const { module: from, name: wanted } of outlines[module]?.imports ?? [])
      if (given.get(from)?.has(wanted) !== true)
        refuse(`a module of it is not given ${JSON.stringify(`${from}.${wanted}`.slice(0, 80))}`);
  }
}
