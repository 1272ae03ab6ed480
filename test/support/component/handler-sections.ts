/** How a component hands its handler to the host. */
import { externName, list, section, unsigned } from './encoding.ts';
import type { FunctionText } from './type-list.ts';

export interface HandlerText {
  readonly handler: FunctionText;
  readonly exported: string;
  readonly exportedIn: string | undefined;
}

/** Options of every function: its memory and its realloc. */
export const OPTIONS = list([
  [3, 0],
  [4, 0],
]);

/** The handler as a function of the component, and its export; with the indexes that are used and taken. */
export function handlerSections(
  { exported, exportedIn }: HandlerText,
  places: Readonly<Record<'core' | 'type' | 'func' | 'instance', number>>,
): Uint8Array[] {
  const lifted = section(8, [[0, 0, ...unsigned(places.core), ...OPTIONS, ...unsigned(places.type)]]);
  const item = [...externName(exported), 1, ...unsigned(places.func)];
  if (exportedIn === undefined) return [lifted, section(11, [[...item, 0]])];
  return [
    lifted,
    section(5, [[1, ...list([item])]]),
    section(11, [[...externName(exportedIn), 5, ...unsigned(places.instance), 0]]),
  ];
}
