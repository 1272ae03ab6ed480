/** Blob, File and FormData. https://w3c.github.io/FileAPI/ https://xhr.spec.whatwg.org/#interface-formdata */
import { blobBytes, createBlob, isBlob } from './blob.ts';
import { createForm, isFormData } from './form-data.ts';
import { decodeMultipart, encodeMultipart } from './multipart.ts';

export { Blob } from './blob.ts';
export { File } from './file.ts';
export { FormData } from './form-data.ts';

export const internals = {
  blobBytes,
  createBlob,
  createForm,
  decodeMultipart,
  encodeMultipart,
  isBlob,
  isFormData,
};
