/** A function that brings a large library along, which sets itself up when it is loaded. */
import { ReadableStream } from 'web-streams-polyfill';
import orders from './orders.js';

async function collect(stream) {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

export default {
  async message(msg, env, ctx) {
    if (msg.subject.endsWith('.stream')) return await collect(ReadableStream.from([msg.text()]));
    return await orders.message(msg, env, ctx);
  },
};
