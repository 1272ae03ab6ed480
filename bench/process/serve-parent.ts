export { childOptions, type Handlers, serveParent } from '../../src/measure/index.ts';
