import { defineInterface, requireArguments, toUsvString } from '../shared/idl.ts';
import { definePairIteration } from '../shared/pair-iteration.ts';
import { type Blob, isBlob } from './blob.ts';
import { File, isFile } from './file.ts';

export type FormEntry = readonly [name: string, value: string | File];

export let formEntries: (form: FormData) => readonly FormEntry[];
export let isFormData: (value: unknown) => value is FormData;
/** A form of entries that are well-formed already. */
export let createForm: (entries: FormEntry[]) => FormData;

/** https://xhr.spec.whatwg.org/#interface-formdata */
export class FormData {
  #entries: FormEntry[] = [];

  static {
    formEntries = (form) => form.#entries;
    isFormData = (value): value is FormData =>
      typeof value === 'object' && value !== null && #entries in value;
    createForm = (entries) => {
      const form = new FormData();
      form.#entries = entries;
      return form;
    };
  }

  constructor(form: unknown = undefined) {
    if (form !== undefined) throw new TypeError('FormData takes no form: there is no document here');
  }

  append(name: unknown, value: unknown, filename: unknown = undefined): void {
    this.#entries.push(toEntry('append', arguments.length, name, value, filename));
  }

  delete(name: unknown): void {
    requireArguments(arguments.length, 1, 'FormData.delete');
    const wanted = toUsvString(name);
    this.#entries = this.#entries.filter(([each]) => each !== wanted);
  }

  get(name: unknown): string | File | null {
    requireArguments(arguments.length, 1, 'FormData.get');
    const wanted = toUsvString(name);
    return this.#entries.find(([each]) => each === wanted)?.[1] ?? null;
  }

  getAll(name: unknown): (string | File)[] {
    requireArguments(arguments.length, 1, 'FormData.getAll');
    const wanted = toUsvString(name);
    return this.#entries.filter(([each]) => each === wanted).map(([, value]) => value);
  }

  has(name: unknown): boolean {
    requireArguments(arguments.length, 1, 'FormData.has');
    const wanted = toUsvString(name);
    return this.#entries.some(([each]) => each === wanted);
  }

  set(name: unknown, value: unknown, filename: unknown = undefined): void {
    const entry = toEntry('set', arguments.length, name, value, filename);
    const at = this.#entries.findIndex(([each]) => each === entry[0]);
    if (at === -1) this.#entries.push(entry);
    else
      this.#entries = this.#entries
        .filter(([each], index) => index <= at || each !== entry[0])
        .with(at, entry);
  }
}
definePairIteration(FormData.prototype, 'FormData', formEntries);
defineInterface(FormData, 'FormData');

function toEntry(method: string, given: number, name: unknown, value: unknown, filename: unknown): FormEntry {
  requireArguments(given, 2, `FormData.${method}`);
  if (!isBlob(value)) {
    if (given > 2) throw new TypeError(`FormData.${method} takes a file name beside a Blob only`);
    return [toUsvString(name), toUsvString(value)];
  }
  return [toUsvString(name), toFile(value, filename)];
}

function toFile(blob: Blob, filename: unknown): File {
  if (filename === undefined && isFile(blob)) return blob;
  const name = filename === undefined ? 'blob' : toUsvString(filename);
  const { type } = blob;
  return new File([blob], name, isFile(blob) ? { type, lastModified: blob.lastModified } : { type });
}
