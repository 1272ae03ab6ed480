/**
 * A function's id as a number of 31 bits, never 0: what a watchdog can write down in the moment before it
 * kills. Two ids of one cell share one about once in a billion.
 */
export function functionMark(functionId: string): number {
  // FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
  let hash = 0x811c9dc5;
  for (let index = 0; index < functionId.length; index += 1)
    hash = Math.imul(hash ^ functionId.charCodeAt(index), 0x01000193);
  return hash & 0x7fffffff || 1;
}
