// Loaded before each test file: what it imports of src/ comes from .compiled/, which scripts/test.ts has
// just made of it. Stripping the types in each of the hundreds of processes of a run costs more than the tests.
import { registerHooks, setSourceMapsSupport } from 'node:module';

const SOURCES = new URL('../../src/', import.meta.url).href;
const COMPILED = new URL('../../.compiled/', import.meta.url).href;

registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    if (!resolved.url.startsWith(SOURCES) || !resolved.url.endsWith('.ts')) return resolved;
    const path = resolved.url.slice(SOURCES.length, -'.ts'.length);
    return { ...resolved, url: `${COMPILED}${path}.js`, format: 'module' };
  },
});
setSourceMapsSupport(true);
