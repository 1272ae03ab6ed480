export { CellSecrets } from './cell-secrets.ts';
