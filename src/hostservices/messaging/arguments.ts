import { HairspringError } from '../../core/index.ts';

/** What the guest's script sends for an option that was left out. */
function isLeftOut(value: unknown): boolean {
  return value === undefined || value === '';
}

/** @throws HS_HOST_CALL_INVALID */
export function readMs(action: string, name: string, value: unknown): number | undefined {
  if (isLeftOut(value)) return undefined;
  if (typeof value === 'number' && value > 0) return value;
  throw invalid(action, `${name} is not a number above 0`);
}

/** @throws HS_HOST_CALL_INVALID */
export function readWhole(action: string, name: string, value: unknown, least: 0 | 1): number | undefined {
  if (isLeftOut(value)) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  throw invalid(action, `${name} is not a whole number from ${least} on`);
}

/** @throws HS_HOST_CALL_INVALID */
export function readText(action: string, name: string, value: unknown, maxChars: number): string | undefined {
  if (isLeftOut(value)) return undefined;
  const isText = typeof value === 'string' && value.length <= maxChars && value === value.trim();
  if (isText && /^[\u0020-\u007e]+$/.test(value)) return value;
  throw invalid(action, `${name} is not a text of at most ${maxChars} printable ASCII characters`);
}

function invalid(action: string, detail: string): HairspringError {
  return new HairspringError('HS_HOST_CALL_INVALID', `Cannot ${action}: ${detail}`);
}
