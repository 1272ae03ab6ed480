// @ts-check
// The console: lines of text are written here, everything else by the feature of that name.

/** @returns {GuestConsole} */
function consoleFeature() {
  return /** @type {any} */ (useFeature('console')['internals']);
}

/**
 * A value as text for the log. Never throws, whatever getters and traps the value has.
 * @param {unknown} value
 * @returns {string}
 */
function inspect(value) {
  if (typeof value === 'string') return value;
  try {
    return consoleFeature().inspect(value);
  } catch {
    return '[value that cannot be shown]';
  }
}

/** How far the lines of open groups stand in. */
let groupIndent = '';
const MAX_GROUPS = 20;

/**
 * A line of the console.
 * @param {string} level
 * @param {string} text
 */
function logLine(level, text) {
  if (groupIndent === '') pushLog(level, text);
  else pushLog(level, groupIndent + text.replaceAll('\n', `\n${groupIndent}`));
}

/**
 * The values of one call as text; strings alone need no more than to be joined.
 * @param {unknown[]} values
 * @returns {string}
 */
function formatValues(values) {
  let text = '';
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (typeof value !== 'string' || (index === 0 && values.length > 1 && includesText(value, '%')))
      return formatSafely(values);
    text += index === 0 ? value : ` ${value}`;
  }
  return text;
}

/**
 * @param {unknown[]} values
 * @returns {string}
 */
function formatSafely(values) {
  try {
    return consoleFeature().format(values);
  } catch {
    return '[values that cannot be shown]';
  }
}

/** @type {Record<string, (values: unknown[]) => void>} */
const consoleWriters = {
  group(values) {
    if (values.length > 0) logLine('info', formatValues(values));
    if (groupIndent.length < MAX_GROUPS * 2) groupIndent += '  ';
  },
  groupEnd() {
    groupIndent = groupIndent.slice(2);
  },
};
consoleWriters['groupCollapsed'] = /** @type {(values: unknown[]) => void} */ (consoleWriters['group']);
for (const [name, level] of [
  ['debug', 'debug'],
  ['error', 'error'],
  ['info', 'info'],
  ['log', 'info'],
  ['warn', 'warn'],
])
  consoleWriters[/** @type {string} */ (name)] = (values) => {
    // What is dropped need not be made.
    if (admitsLog()) logLine(/** @type {string} */ (level), formatValues(values));
    else pushLog(/** @type {string} */ (level), '');
  };

/**
 * A namespace object, as the Console standard has it.
 * @type {Record<string, (...values: unknown[]) => void>}
 */
const consoleShim = ObjectSetPrototypeOf({}, {});
for (const name of [
  'debug',
  'error',
  'info',
  'log',
  'warn',
  'dir',
  'dirxml',
  'table',
  'trace',
  'group',
  'groupCollapsed',
  'groupEnd',
  'clear',
  'count',
  'countReset',
  'assert',
  'time',
  'timeLog',
  'timeEnd',
]) {
  const write = consoleWriters[name];
  const { method } =
    write === undefined
      ? {
          method(/** @type {unknown[]} */ ...values) {
            ReflectApply(/** @type {Function} */ (consoleFeature().methods[name]), undefined, values);
          },
        }
      : {
          method(/** @type {unknown[]} */ ...values) {
            write(values);
          },
        };
  ObjectDefineProperty(method, 'name', { value: name, configurable: true });
  consoleShim[name] = method;
}
ObjectDefineProperty(consoleShim, Symbol.toStringTag, { value: 'console', configurable: true });
