// @ts-check
// Makes the handlers and `env` of what is loaded as the function.

/** @type {GuestHandlers} */
let handlers = {};
/** Whether it has handlers of HTTP requests. */
let servesRequests = false;
/** @type {object} */
let env = {};

const HANDLERS = ['message', 'fetch', 'scheduled', 'change'];

/** @type {Record<string, ServiceFactory>} */
const services = {};

/**
 * Takes what the function was deployed with, and makes `env` of it.
 * @param {string} json
 */
function prepare(json) {
  const spec = JSONParse(json);
  functionName = spec.name;
  functionNamespace = spec.namespace;
  triggers = spec.triggers;
  budgetMs = spec.budgetMs;
  idPrefix = spec.idPrefix ?? '';
  /** @type {Record<string, unknown>} */
  const values = {};
  // The function's top level has run: an iterator of arrays, or a setter, may be its own.
  const names = ObjectKeys(spec.environment);
  for (let index = 0; index < names.length; index += 1) {
    const name = /** @type {string} */ (names[index]);
    values[name] = spec.environment[name];
  }
  const labels = ObjectKeys(spec.bindings);
  for (let index = 0; index < labels.length; index += 1) {
    const label = /** @type {string} */ (labels[index]);
    const factory = services[spec.bindings[label]];
    if (factory !== undefined)
      values[label] = ObjectFreeze(
        factory((op, args, payload, convert) => callHost(label, op, args, payload, convert)),
      );
  }
  env = ObjectFreeze(values);
  return spec;
}

/**
 * A script that has just run: its exports are in a global.
 * @param {string} json
 */
function load(json) {
  prepare(json);
  const module = /** @type {Record<string, any>} */ (globalThis)['__hairspring_module'];
  const exported = module?.default ?? module;
  handlers =
    typeof exported === 'function'
      ? { message: (/** @type {any} */ message) => exported(message.subject, message.data) }
      : (exported ?? {});
  let found = '';
  for (let index = 0; index < HANDLERS.length; index += 1) {
    const name = /** @type {string} */ (HANDLERS[index]);
    if (typeof handlers[name] === 'function') found += `${found === '' ? '' : ','}"${name}"`;
  }
  servesRequests = typeof handlers['fetch'] === 'function';
  return `[${found}]`;
}

/**
 * A WebAssembly module as the function, or the modules of a component.
 * @param {string} json
 * @param {unknown[]} given what announces the features that it needs, and the modules
 */
function loadModule(json, given) {
  const spec = prepare(json);
  const modules = new NativeArray(given.length - 1);
  for (let index = 0; index < modules.length; index += 1) modules[index] = given[index + 1];
  /** @type {any} */ (given[0])(defineFeature);
  const functions = /** @type {any} */ (useFeature('functions')).internals;
  moduleErrorCode = functions.codeOf;
  const { message, request } = functions.createHandlers(modules, spec.module);
  handlers = { message };
  moduleRequests = request;
  servesRequests = request !== undefined;
  if (message === undefined) return '["fetch"]';
  return request === undefined ? '["message"]' : '["message","fetch"]';
}

/** How a component answers requests. @type {((line: string, fields: string[], body: Uint8Array, context: Context) => unknown) | undefined} */
let moduleRequests;

/** The code of an error that a module caused. @type {(error: unknown) => string | undefined} */
let moduleErrorCode = () => undefined;
