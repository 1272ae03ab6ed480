// Runs under Node 26 only; bin/hairspring.js sees to that.
import { existsSync } from 'node:fs';
import { reportFailure } from './runtime.js';

const source = new URL('../src/cli/main.ts', import.meta.url);
const built = new URL('../dist/cli/main.js', import.meta.url);

try {
  await import(entry().href);
} catch (error) {
  reportFailure(
    error?.code === 'ERR_MODULE_NOT_FOUND'
      ? Object.assign(error, { hint: 'The installation is incomplete; run `npm ci`' })
      : error,
  );
}

function entry() {
  // The checkout runs its TypeScript as it is; the published package has only what was built from it.
  if (existsSync(source)) return source;
  if (existsSync(built)) return built;
  throw Object.assign(
    new Error('The program is missing: neither src/cli/main.ts nor dist/cli/main.js exists'),
    {
      code: 'HS_RUNTIME_MISSING',
      hint: 'Install the package again, or run `npm run build` in a checkout',
    },
  );
}
