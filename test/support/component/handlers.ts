/** What a component may export to be called by the host. */
import type { FunctionText, TypeText } from './type-list.ts';

const HEADER_TYPE: TypeText = [
  'record',
  [
    ['name', 'string'],
    ['value', 'string'],
  ],
];
const HEADERS: TypeText = ['list', HEADER_TYPE];
const MESSAGE: TypeText = [
  'record',
  [
    ['subject', 'string'],
    ['headers', HEADERS],
    ['data', ['list', 'u8']],
    ['params', HEADERS],
  ],
];
const REPLY: TypeText = [
  'record',
  [
    ['data', ['list', 'u8']],
    ['headers', HEADERS],
  ],
];
export const HANDLER: FunctionText = {
  name: 'handle-message',
  params: [MESSAGE],
  result: ['result', REPLY, 'string'],
};

/** `handle` of wasi:http/incoming-handler. */
export const HTTP_HANDLE: FunctionText = {
  name: 'handle',
  params: [
    ['own', 'incoming-request'],
    ['own', 'response-outparam'],
  ],
};

/** `run` of wasi:cli/run. */
export const RUN: FunctionText = { name: 'run', params: [], result: ['result', null, null] };
