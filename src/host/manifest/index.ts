export { createChecker } from './check.ts';
export { findNexfile, findNexfiles } from './find-nexfile.ts';
export { nexfileJsonSchema, startRequestJsonSchema } from './json-schema.ts';
export { parseNexfile } from './parse-nexfile.ts';
export { type ReadDocument, readDocument } from './read-document.ts';
export { parseStartRequest, startRequestToWire } from './start-request.ts';
export { artifactUri, parseArtifactUri, parseObjectUri } from './uri.ts';
