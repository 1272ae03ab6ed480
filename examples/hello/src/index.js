const GREETINGS = new Map([
  ['en', 'Hello'],
  ['fr', 'Bonjour'],
  ['de', 'Hallo'],
  ['el', 'Γειά σου'],
  ['ja', 'こんにちは'],
]);

/** @satisfies {import('hairspring/guest').Handler} */
const handler = {
  message(msg) {
    const { lang = '', name } = msg.params;
    const language = GREETINGS.has(lang) ? lang : 'en';
    /** @type {{ name?: string }} */
    const body = msg.data.length > 0 ? msg.json() : {};
    return new Reply(`${GREETINGS.get(language)}, ${body.name ?? name}!`, {
      headers: { 'Content-Language': language },
    });
  },
};

export default handler;
