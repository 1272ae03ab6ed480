/** A function of the size that people write: some tables, a class, a parser, a validator, a router. */
const CURRENCIES = { EUR: 2, USD: 2, GBP: 2, JPY: 0, CHF: 2, SEK: 2, NOK: 2, KWD: 3 };
const STATES = ['open', 'paid', 'packed', 'shipped', 'delivered', 'returned', 'cancelled'];
const TRANSITIONS = new Map([
  ['open', new Set(['paid', 'cancelled'])],
  ['paid', new Set(['packed', 'cancelled'])],
  ['packed', new Set(['shipped'])],
  ['shipped', new Set(['delivered', 'returned'])],
  ['delivered', new Set(['returned'])],
]);

class InvalidOrder extends Error {
  constructor(field, detail) {
    super(`The field "${field}" of the order ${detail}`);
    this.name = 'InvalidOrder';
    this.field = field;
  }
}

class Money {
  #minor;
  #currency;

  constructor(minor, currency) {
    if (!Number.isSafeInteger(minor)) throw new InvalidOrder('amount', 'is no whole number of minor units');
    if (!(currency in CURRENCIES)) throw new InvalidOrder('currency', `is "${currency}", which is not known`);
    this.#minor = minor;
    this.#currency = currency;
  }

  static parse(text) {
    const match = /^(-?)(\d+)(?:\.(\d+))? ([A-Z]{3})$/.exec(text);
    if (match === null) throw new InvalidOrder('amount', `is "${text}", which is no amount`);
    const [, sign, whole, fraction = '', currency] = match;
    const digits = CURRENCIES[currency] ?? 2;
    if (fraction.length > digits) throw new InvalidOrder('amount', `has more than ${digits} digits`);
    const minor = Number(whole) * 10 ** digits + Number(fraction.padEnd(digits, '0') || 0);
    return new Money(sign === '-' ? -minor : minor, currency);
  }

  plus(other) {
    if (other.#currency !== this.#currency) throw new InvalidOrder('currency', 'is not the same throughout');
    return new Money(this.#minor + other.#minor, this.#currency);
  }

  times(count) {
    return new Money(this.#minor * count, this.#currency);
  }

  toString() {
    const digits = CURRENCIES[this.#currency];
    const text = String(Math.abs(this.#minor)).padStart(digits + 1, '0');
    const whole = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
    return `${this.#minor < 0 ? '-' : ''}${whole} ${this.#currency}`;
  }
}

const fields = {
  id: (value) => typeof value === 'string' && /^[A-Z]{2}-\d{6}$/.test(value),
  customer: (value) => typeof value === 'string' && value.length > 0 && value.length <= 64,
  state: (value) => STATES.includes(value),
  lines: (value) => Array.isArray(value) && value.length > 0 && value.every((line) => isLine(line)),
};

function isLine(line) {
  const { article, count, price } = line ?? {};
  return typeof article === 'string' && Number.isInteger(count) && count > 0 && typeof price === 'string';
}

function validate(order) {
  for (const [field, isValid] of Object.entries(fields)) {
    if (!(field in order)) throw new InvalidOrder(field, 'is missing');
    if (!isValid(order[field])) throw new InvalidOrder(field, 'is not what it should be');
  }
  return order;
}

function totalOf({ lines }) {
  return lines.map(({ count, price }) => Money.parse(price).times(count)).reduce((sum, one) => sum.plus(one));
}

function move(order, state) {
  if (TRANSITIONS.get(order.state)?.has(state) !== true)
    throw new InvalidOrder('state', `cannot go from ${order.state} to ${state}`);
  return { ...order, state, history: [...(order.history ?? []), { from: order.state, to: state }] };
}

const routes = [];
const route = (pattern, handle) => {
  const names = [];
  const source = pattern.replace(/:(\w+)/g, (_, name) => {
    names.push(name);
    return '([^/]+)';
  });
  routes.push({ match: new RegExp(`^${source}$`), names, handle });
};

route('/orders', ({ body }) => ({ order: validate(body), total: String(totalOf(body)) }));
route('/orders/:id/:state', ({ body, params }) => move(validate(body), params.state));
route('/health', () => ({ ok: true, example: String(Money.parse('12.50 EUR').times(2)) }));

function dispatch(path, body) {
  for (const { match, names, handle } of routes) {
    const found = match.exec(path);
    if (found === null) continue;
    return handle({ body, params: Object.fromEntries(names.map((name, index) => [name, found[index + 1]])) });
  }
  return undefined;
}

export default {
  async message(msg) {
    const text = msg.text();
    if (!text.startsWith('{')) return text;
    const { path, body } = JSON.parse(text);
    try {
      return dispatch(path, body) ?? { error: `There is no ${path}` };
    } catch (error) {
      if (error instanceof InvalidOrder) return { error: error.message, field: error.field };
      throw error;
    }
  },
};
