export { SecretShelf, type SecretSource } from './secret-shelf.ts';
