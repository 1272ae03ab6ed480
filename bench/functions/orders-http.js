import orders from './orders.js';

/** The same over HTTP, as the wrappers of the peers have it. */
export default {
  ...orders,
  async fetch(request) {
    const text = await request.text();
    const reply = await orders.message({ text: () => text });
    return new Response(typeof reply === 'string' ? reply : JSON.stringify(reply));
  },
};
