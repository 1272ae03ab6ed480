/** structuredClone and message channels. https://html.spec.whatwg.org/multipage/structured-data.html */
import { requireArguments, toDictionary, toSequence } from '../shared/idl.ts';
import { isPort, setMessageCloner } from './message-port.ts';
import { cloneWithTransfer } from './transfer.ts';

export { MessageChannel, MessagePort } from './message-port.ts';

export function structuredClone(value: unknown, options: unknown = undefined): unknown {
  requireArguments(arguments.length, 1, 'structuredClone');
  const { transfer } = toDictionary(options, 'The options of structuredClone');
  return cloneWithTransfer(value, transfer === undefined ? [] : toSequence(transfer, 'The list to transfer'));
}

setMessageCloner((message, options) => {
  const isList = typeof options === 'object' && options !== null && Symbol.iterator in options;
  const { transfer } = isList ? { transfer: options } : toDictionary(options, 'The options of postMessage');
  const list = transfer === undefined ? [] : toSequence(transfer, 'The list to transfer');
  // The ports travel beside the message.
  const [data, ports] = cloneWithTransfer([message, list.filter(isPort)], list) as [unknown, unknown[]];
  return { data, ports };
});
