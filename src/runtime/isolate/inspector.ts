import ivm from 'isolated-vm';

/** isolated-vm's own context, which has nothing in it: a debugger that hears of it may evaluate there. */
const EMPTY_CONTEXT = /^\{"method":"Runtime\.executionContextCreated".*"name":"default"/;

/** V8's inspector of one isolate, open as long as that is there. */
export class Inspector implements Disposable {
  readonly #isolate: ivm.Isolate;
  readonly #session: ivm.InspectorSession;

  constructor(isolate: ivm.Isolate, session: ivm.InspectorSession) {
    this.#isolate = isolate;
    this.#session = session;
  }

  /**
   * Passes what it says to `listen`, in place of whoever listened before.
   * @returns where to send messages of the Chrome DevTools Protocol
   */
  inspect(listen: (message: string) => void): (message: string) => void {
    this.#session.onResponse = (_callId, message) => listen(message);
    this.#session.onNotification = (message) => {
      if (!EMPTY_CONTEXT.test(message)) listen(message);
    };
    return (message) => {
      if (!this.#isolate.isDisposed) this.#session.dispatchProtocolMessage(message);
    };
  }

  /** An isolate waits for its inspector's sessions for ever. */
  [Symbol.dispose](): void {
    this.#session.dispose();
  }
}

/** From inside the isolate: elsewhere isolated-vm 7 lets V8 abort the process. */
export function openInspector(isolate: ivm.Isolate, context: ivm.Context): Inspector | undefined {
  let inspector: Inspector | undefined;
  const open = new ivm.Callback(() => {
    inspector = new Inspector(isolate, isolate.createInspectorSession());
  });
  context.evalClosureSync('$0()', [open]);
  return inspector;
}
