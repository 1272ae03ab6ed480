import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Node gives V8's collector only to contexts that are made while this is set. */
const EXPOSE = 'expose-gc';

/** A full collection of the main thread's own heap, which takes it some 20 ms. Isolates do not get it. */
export function createCollector(): () => void {
  setFlagsFromString(`--${EXPOSE}`);
  try {
    return runInNewContext('gc') as () => void;
  } finally {
    setFlagsFromString(`--no-${EXPOSE}`);
  }
}
