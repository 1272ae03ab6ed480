/** Instructions of handlers that answer. */

/** Where the tests' handlers write their results. */
export const RESULT = '(i32.const 1024)';

/** Instructions that write a reply with bytes of the memory and without headers. */
export function storeReply(pointer: string, length: string): string {
  return `(i32.store8 (i32.const 1024) (i32.const 0))
    (i32.store (i32.const 1028) ${pointer}) (i32.store (i32.const 1032) ${length})
    (i32.store (i32.const 1036) (i32.const 0)) (i32.store (i32.const 1040) (i32.const 0))`;
}

/** The same as the last of a handler. */
export function answer(pointer: string, length: string): string {
  return `${storeReply(pointer, length)} ${RESULT}`;
}

/** Answers with the payload. */
export const ECHO: string = answer('(local.get $data)', '(local.get $dataLength)');
