// @ts-check
// Web features: parts of the platform that are made when a function first asks for one of their names,
// so that a cold start pays for none that it does not use.

/** What a feature is given of the runtime; features hold nothing else of it. */
const runtime = ObjectFreeze({
  __proto__: null,
  door,
  use: useFeature,
  made: (/** @type {string} */ name) => featuresMade[name],
  madeNames: () => ObjectKeys(featuresMade),
  callHost,
  currentInvocation,
  isOpen,
  encodeUtf8,
  decodeUtf8,
  payloadBytes,
  payloadText,
  readPayload,
  inspect,
  pushLog,
  log: logLine,
  setTimer: (/** @type {() => void} */ action, /** @type {number} */ delayMs) =>
    setTimer(action, delayMs, false, []),
  clearTimer,
  isTimerArmed,
  isTimerKept,
  HostError,
  Reply,
  wasm: NativeWebAssembly,
  lost: loseMemory,
  whenEnded: (/** @type {() => void} */ listener) => {
    endedListener = listener;
  },
});

/** @type {Record<string, (runtime: GuestRuntime) => Record<string, unknown>>} */
const featureMakers = ObjectSetPrototypeOf({}, null);
/** @type {Record<string, Record<string, unknown> | undefined>} */
const featuresMade = ObjectSetPrototypeOf({}, null);

/**
 * The exports of a feature, which is made when it is asked for the first time.
 * @param {string} name
 */
function useFeature(name) {
  let made = featuresMade[name];
  if (made === undefined) {
    if (featureMakers[name] === undefined) fetchFeature(name);
    const make = featureMakers[name];
    if (make === undefined) throw new TypeError(`There is no web feature "${name}"`);
    made = make(/** @type {any} */ (runtime));
    featuresMade[name] = made;
  }
  return made;
}

/** The one that functions find as `eval`, in the global scope wherever it is called by this name. */
// biome-ignore lint/security/noGlobalEval: it gets text of the runtime alone.
const evaluate = globalThis.eval;

/**
 * Takes a feature from the host, which has V8's code cache of it, or on a thread of the heavy lane the source.
 * Its globals are announced already.
 * @param {string} name
 */
function fetchFeature(name) {
  const given = door('feature', name);
  const tell = typeof given === 'string' ? evaluate(given) : given;
  if (typeof tell !== 'function') return;
  /** @type {(name: string, globals: string[], make: any) => void} */
  const define = (_name, _globals, make) => {
    featureMakers[name] = make;
  };
  tell(define);
}

/**
 * @param {string} name
 * @param {string[]} globals
 * @param {(runtime: GuestRuntime) => Record<string, unknown>} make
 */
function defineFeature(name, globals, make) {
  featureMakers[name] = make;
  announceFeature(name, globals);
}

/**
 * Announces a feature: each of its globals becomes an ordinary property when it is read or written.
 * @param {string} name
 * @param {string[]} globals
 */
function announceFeature(name, globals) {
  for (let index = 0; index < globals.length; index += 1) {
    const global = /** @type {string} */ (globals[index]);
    ObjectDefineProperty(globalThis, global, {
      configurable: true,
      enumerable: false,
      get() {
        const value = useFeature(name)[global];
        defineGlobal(global, value);
        return value;
      },
      set(value) {
        defineGlobal(global, value);
      },
    });
  }
}
