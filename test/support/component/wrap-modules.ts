/** Components that import functions of the host. */
import { externName, joinSections, list, moduleSection, name, section, unsigned } from './encoding.ts';
import { type HandlerText, handlerSections, OPTIONS } from './handler-sections.ts';
import { HANDLER } from './handlers.ts';
import { type FunctionText, TypeList } from './type-list.ts';

/** An interface that the component imports. */
export interface ImportText {
  readonly from: string;
  readonly resources?: readonly string[];
  /** Resources of interfaces before it. */
  readonly outer?: readonly string[];
  readonly functions: readonly FunctionText[];
}

export function wrapModules(
  memory: Uint8Array,
  main: Uint8Array,
  imports: readonly ImportText[],
  parts: HandlerText,
  hasMessage: boolean,
): Uint8Array {
  const types = new TypeList();
  const sections: Uint8Array[] = [moduleSection(memory), moduleSection(main)];
  const flushTypes = (): void => {
    sections.push(section(7, types.items.splice(0)));
  };
  // The memory, and its realloc as core function 0.
  sections.push(section(2, [[0, 0, 0]]));
  sections.push(
    section(6, [
      [0, 2, 1, 0, ...name('memory')],
      [0, 0, 1, 0, ...name('realloc')],
    ]),
  );
  let functions = 0;
  const hosts: string[] = [];
  for (const [index, { from, resources = [], outer = [], functions: imported }] of imports.entries()) {
    const inner = new TypeList([1]);
    for (const resource of outer) inner.place(resource, [2, 3, 2, 1, ...unsigned(types.resource(resource))]);
    for (const resource of resources) inner.place(resource, [4, ...externName(resource), 3, 1]);
    const exports = imported.map((each) => {
      const type = inner.func(each);
      return [4, ...externName(each.name), 1, ...unsigned(type)];
    });
    const type = types.add([0x42, ...list([...inner.items, ...exports])]);
    flushTypes();
    sections.push(section(10, [[...externName(from), 5, ...unsigned(type)]]));
    for (const resource of resources) {
      sections.push(section(6, [[3, 0, ...unsigned(index), ...name(resource)]]));
      const place = types.place(resource, undefined);
      sections.push(section(8, [[3, ...unsigned(place)]]));
      hosts.push(`drop ${resource}`);
    }
    for (const each of imported) {
      sections.push(section(6, [[1, 0, ...unsigned(index), ...name(each.name)]]));
      sections.push(section(8, [[1, 0, ...unsigned(functions), ...OPTIONS]]));
      functions += 1;
      hosts.push(each.name);
    }
  }
  // Core functions: realloc, then those of the host.
  sections.push(
    section(2, [
      [1, ...list(hosts.map((each, index) => [...name(each), 0, ...unsigned(index + 1)]))],
      [
        0,
        1,
        ...list([
          [...name('memory'), 0x12, 0],
          [...name('host'), 0x12, 1],
        ]),
      ],
    ]),
  );
  const type = types.func(parts.handler);
  const messageType = hasMessage ? types.func(HANDLER) : Number.NaN;
  flushTypes();
  sections.push(section(6, [[0, 0, 1, 2, ...name('handle')]]));
  const places = { core: hosts.length + 1, type, func: functions, instance: imports.length };
  sections.push(...handlerSections(parts, places));
  if (!hasMessage) return joinSections(...sections);
  sections.push(section(6, [[0, 0, 1, 2, ...name('message')]]));
  const message = { handler: HANDLER, exported: HANDLER.name, exportedIn: undefined };
  const next = { ...places, core: places.core + 1, type: messageType, func: functions + 1 };
  return joinSections(...sections, ...handlerSections(message, next));
}
