/** Blob, File and FormData. https://w3c.github.io/FileAPI/ https://xhr.spec.whatwg.org/#interface-formdata */
import { blobBytes, createBlob, isBlob } from './blob.ts';
import { File, isFile } from './file.ts';
import { createForm, isFormData } from './form-data.ts';
import { decodeMultipart, encodeMultipart } from './multipart.ts';

export { Blob } from './blob.ts';
export { File } from './file.ts';
export { FormData } from './form-data.ts';

/** @returns `undefined` for what is no Blob */
function clone(value: object): object | undefined {
  if (!isBlob(value)) return undefined;
  // Bytes of a blob never change.
  const { type } = value;
  if (!isFile(value)) return createBlob(blobBytes(value), type);
  return new File([value], value.name, { type, lastModified: value.lastModified });
}

export const internals = {
  blobBytes,
  clone,
  createBlob,
  createForm,
  decodeMultipart,
  encodeMultipart,
  isBlob,
  isFormData,
};
