/** `npm run build`: compiles src to dist for publication, and copies what runs as it is. */
import { compile } from './compile.ts';

if (!compile('dist')) process.exitCode = 1;
