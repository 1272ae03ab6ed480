import pico from 'picocolors';

/** Functions that put text into colours, or leave it as it is. */
export type Colors = ReturnType<typeof pico.createColors>;

export function createColors(enabled: boolean): Colors {
  return pico.createColors(enabled);
}
