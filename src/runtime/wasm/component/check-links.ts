import { HairspringError } from '../../../core/index.ts';
import type { ModuleOutline } from '../module-outline.ts';
import type { ComponentPlan, CoreItem, PlanOptions } from './plan.ts';

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
  const check = (item: CoreItem | null): void => {
    if (item?.kind === 'export' && exportsOf(item.instance)?.has(item.name) !== true)
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
      given.set(from, typeof items === 'number' ? exportsOf(items) : new Map(items));
      if (typeof items !== 'number') for (const [, item] of items) check(item);
    }
    for (const { module: from, name: wanted } of outlines[module]?.imports ?? [])
      if (given.get(from)?.has(wanted) !== true)
        refuse(`a module of it is not given ${JSON.stringify(`${from}.${wanted}`.slice(0, 80))}`);
  }
}
