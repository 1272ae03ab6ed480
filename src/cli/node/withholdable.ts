import { WITHHOLDABLE, type Withholdable } from '../../core/index.ts';

export const WITHHOLDABLE_HINT = `What can be withheld: ${WITHHOLDABLE.join(', ')}`;

/** What an option or a variable names, if it can be withheld. */
export function findWithholdable(text: string): Withholdable | undefined {
  return WITHHOLDABLE.find((one) => one === text);
}
