import echo from './echo.js';

/** The same over HTTP, as the wrappers of the peers have it. */
export default {
  ...echo,
  async fetch(request) {
    const text = await request.text();
    const reply = await echo.message({ text: () => text });
    return new Response(typeof reply === 'string' ? reply : JSON.stringify(reply));
  },
};
