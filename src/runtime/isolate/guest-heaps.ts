import { setFlagsFromString } from 'node:v8';

/**
 * What the young generation of an isolate's heap may grow to, in MiB, where much survives. isolated-vm
 * asks for the least that there is, half a MiB: the invocations that wait for the host fill that, and are
 * then moved to the old generation, where they cost twice. With 8 MiB a small heap that is full takes a
 * second to fail.
 */
const YOUNG_MIB = 2;

/** Applies to the isolates that are made from now on; the thread's own heap stays as it is. */
export function configureGuestHeaps(): void {
  setFlagsFromString(`--max-semi-space-size=${YOUNG_MIB}`);
}
