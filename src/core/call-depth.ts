import { REQUEST_HEADERS } from './headers.ts';
import type { HeaderPairs } from './invocation.ts';

const DEPTH_PATTERN = /^\d{1,4}$/;

/** How many calls from function to function led to a message, by its header `Hairspring-Call-Depth`; 0 where it does not say. */
export function callDepth(headers: HeaderPairs | undefined): number {
  if (headers === undefined) return 0;
  for (const [name, value] of headers) {
    if (name === REQUEST_HEADERS.callDepth) return DEPTH_PATTERN.test(value) ? Number(value) : 0;
  }
  return 0;
}
