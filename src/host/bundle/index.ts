export { decodeArtifact, digestOf, encodeArtifact } from './artifact.ts';
export {
  type Bundle,
  type Bundler,
  bundleFunction,
  createBundler,
  wrapScript,
} from './bundle.ts';
export { wrapBytes, wrapModule } from './wrap-module.ts';
