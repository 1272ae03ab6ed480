/** Writes schema/nexfile.schema.json, which a test compares with the code; `npm run format` lays it out. */
import { mkdir, writeFile } from 'node:fs/promises';
import { nexfileJsonSchema } from '../src/host/manifest/index.ts';

const target = new URL('../schema/nexfile.schema.json', import.meta.url);
await mkdir(new URL('.', target), { recursive: true });
await writeFile(target, nexfileJsonSchema());
