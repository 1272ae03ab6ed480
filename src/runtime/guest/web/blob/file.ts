import { defineInterface, requireArguments, toDictionary, toUsvString } from '../shared/idl.ts';
import { Blob, isBlob } from './blob.ts';

export let isFile: (value: unknown) => value is File;

/** https://w3c.github.io/FileAPI/#file-section */
export class File extends Blob {
  #name: string;
  #lastModified: number;

  static {
    isFile = (value): value is File => isBlob(value) && #name in value;
  }

  constructor(fileBits: unknown, fileName: unknown, options: unknown = undefined) {
    requireArguments(arguments.length, 2, 'File');
    if (fileBits === undefined) throw new TypeError('fileBits is not a sequence');
    super(fileBits, options);
    this.#name = toUsvString(fileName);
    const lastModified = toDictionary(options, 'The options of a File')['lastModified'];
    const given = lastModified === undefined ? Date.now() : Math.trunc(Number(lastModified));
    this.#lastModified = Number.isFinite(given) ? given + 0 : 0;
  }

  get name(): string {
    return this.#name;
  }

  get lastModified(): number {
    return this.#lastModified;
  }
}
defineInterface(File, 'File');
