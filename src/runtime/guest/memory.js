// @ts-check
// Memory that neither V8's heap limit nor isolated-vm's allocator counts: resizable buffers, and the data
// of Intl objects. Whatever holds such memory is given a ballast: a plain buffer of that size, which is
// counted, is never touched, so that it costs address space only, and goes when its owner goes.

const ReflectConstruct = Reflect.construct;
const NativeProxy = Proxy;
/** @type {WeakMap<object, ArrayBuffer>} */
const ballasts = new WeakMap();
/** @type {(map: WeakMap<object, ArrayBuffer>, key: object) => ArrayBuffer | undefined} */
const weakMapGet = uncurry(WeakMap.prototype.get);
/** @type {(map: WeakMap<object, ArrayBuffer>, key: object, value: ArrayBuffer) => void} */
const weakMapSet = uncurry(WeakMap.prototype.set);

/**
 * @param {object} owner
 * @param {number} bytes beyond what it has
 * @throws RangeError when the instance may not have so much, as of any buffer
 */
function addBallast(owner, bytes) {
  const before = weakMapGet(ballasts, owner);
  weakMapSet(
    ballasts,
    owner,
    new NativeArrayBuffer(bytes + (before === undefined ? 0 : bufferBytes(before))),
  );
}

/**
 * A descriptor that inherits nothing from what a guest may have put on Object.prototype.
 * @param {unknown} value
 * @returns {PropertyDescriptor}
 */
function dataProperty(value) {
  const shape = { __proto__: null, value, writable: true, enumerable: false, configurable: true };
  return shape;
}

/**
 * @param {object} prototype
 * @param {string} name
 */
function getterOf(prototype, name) {
  return uncurry(/** @type {() => any} */ (Object.getOwnPropertyDescriptor(prototype, name)?.get));
}

/**
 * Puts in the place of a constructor one that calls `onMade` with all it makes; guests find no way to the other.
 * @param {object} holder
 * @param {string} name
 * @param {(made: any) => void} onMade
 */
function watchConstructor(holder, name, onMade) {
  const native = /** @type {any} */ (holder)[name];
  if (typeof native !== 'function') return;
  const watched = new NativeProxy(native, {
    // Else a trap on Object.prototype would be given the constructor behind.
    // @ts-expect-error null is no handler's prototype by its types
    __proto__: null,
    construct(target, args, newTarget) {
      const made = ReflectConstruct(target, args, newTarget);
      onMade(made);
      return made;
    },
    apply(target, self, args) {
      const made = ReflectApply(target, self, args);
      if (typeof made === 'object' && made !== null) onMade(made);
      return made;
    },
  });
  const shape = dataProperty(watched);
  ObjectDefineProperty(native.prototype, 'constructor', shape);
  ObjectDefineProperty(holder, name, shape);
}

/**
 * @param {object} prototype
 * @param {string | symbol} name
 * @param {any} source has the method under that name
 */
function replaceMethod(prototype, name, source) {
  const value = source[name];
  ObjectDefineProperty(prototype, name, dataProperty(value));
}

/** @type {(buffer: ArrayBuffer) => boolean} */
const isResizable = getterOf(ArrayBuffer.prototype, 'resizable');
/** @type {(buffer: ArrayBuffer) => number} */
const maxBufferBytes = getterOf(ArrayBuffer.prototype, 'maxByteLength');
/** @type {(buffer: ArrayBuffer, length?: number) => ArrayBuffer} */
const transferBuffer = uncurry(ArrayBuffer.prototype.transfer);

/** @param {ArrayBuffer} buffer */
function weighBuffer(buffer) {
  if (isResizable(buffer)) addBallast(buffer, maxBufferBytes(buffer));
}

watchConstructor(globalThis, 'ArrayBuffer', weighBuffer);
replaceMethod(ArrayBuffer.prototype, 'transfer', {
  /** @param {number} [length] */
  transfer(length) {
    const made = transferBuffer(/** @type {any} */ (this), length);
    weighBuffer(made);
    return made;
  },
});

/** What an Intl object holds outside of the heap, measured and rounded up. */
const INTL_BYTES = {
  __proto__: null,
  Collator: 16 * 1024,
  DateTimeFormat: 64 * 1024,
  DisplayNames: 16 * 1024,
  DurationFormat: 64 * 1024,
  ListFormat: 16 * 1024,
  Locale: 4 * 1024,
  NumberFormat: 32 * 1024,
  PluralRules: 32 * 1024,
  RelativeTimeFormat: 32 * 1024,
};

const NativeIntl = Intl;
const ObjectGetPrototypeOf = Object.getPrototypeOf;
const SymbolIterator = Symbol.iterator;
let watchesIterators = false;

// Most functions never ask for it, and watching all of its constructors costs a cold start a tenth.
ObjectDefineProperty(globalThis, 'Intl', {
  configurable: true,
  enumerable: false,
  get() {
    ObjectDefineProperty(globalThis, 'Intl', dataProperty(NativeIntl));
    watchIntl();
    return NativeIntl;
  },
  set(value) {
    ObjectDefineProperty(globalThis, 'Intl', {
      value,
      writable: true,
      enumerable: false,
      configurable: true,
    });
  },
});

/** Called before anybody but the runtime has had hold of it. */
function watchIntl() {
  const names = ObjectKeys(INTL_BYTES);
  // Not by an iterator, which may be the guest's by now.
  for (let index = 0; index < names.length; index += 1) {
    const name = /** @type {string} */ (names[index]);
    const bytes = /** @type {number} */ (/** @type {any} */ (INTL_BYTES)[name]);
    watchConstructor(NativeIntl, name, (made) => addBallast(made, bytes));
  }
  // Of V8 alone: keeps a copy of each text that it is given.
  delete (/** @type {Record<string, unknown>} */ (/** @type {unknown} */ (NativeIntl))['v8BreakIterator']);
  watchConstructor(NativeIntl, 'Segmenter', (made) => addBallast(made, INTL_BYTES.Collator));
  const segmentText = uncurry(NativeIntl.Segmenter.prototype.segment);
  replaceMethod(NativeIntl.Segmenter.prototype, 'segment', {
    /**
     * A segmenter copies the text for each result, and once more for each iterator of one.
     * @param {unknown} input
     */
    segment(input) {
      const text = `${input}`;
      // Weighed before: the copy of a text of 64 MB holds the thread for 200 ms, and nothing interrupts it.
      const ballast = new NativeArrayBuffer(2 * text.length);
      const segments = segmentText(this, text);
      weakMapSet(ballasts, segments, ballast);
      // Nobody can have had hold of their prototype before the first of them is there.
      if (!watchesIterators) watchIterators(ObjectGetPrototypeOf(segments));
      return segments;
    },
  });
}

/** @param {any} segmentsPrototype */
function watchIterators(segmentsPrototype) {
  watchesIterators = true;
  const iterate = uncurry(segmentsPrototype[SymbolIterator]);
  replaceMethod(segmentsPrototype, SymbolIterator, {
    [SymbolIterator]() {
      const own = weakMapGet(ballasts, this);
      const ballast = own === undefined ? undefined : new NativeArrayBuffer(bufferBytes(own));
      const iterator = iterate(this);
      if (ballast !== undefined) weakMapSet(ballasts, iterator, ballast);
      return iterator;
    },
  });
}
