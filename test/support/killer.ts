/**
 * An expression of guest code that makes V8 end the process: a string of a quarter of a gigabyte, split into more
 * characters than an array holds.
 */
export const ABORT = `'x'.repeat(2 ** 28).split('').length`;

/**
 * Limits under which a function gets as far as that: V8 takes a quarter of a second, in which the product's own CPU
 * limit ends the function first on a busy machine, with another code.
 */
export const ABORT_LIMITS = { cpu: '2s' } as const;
