import { randomUUID } from 'node:crypto';

/** Strings of more bytes than this are read in pieces of so many, with a turn of the event loop between two. */
const PIECE_BYTES = 256 * 1024;
/** Quotes that are looked for at a stretch. */
const QUOTES_AT_ONCE = 8_192;
/** Of `\n`, and of `\u000a`. */
const ESCAPE_BYTES = 2;
const UNICODE_ESCAPE_BYTES = 6;
const LETTER_U = 0x75;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

interface LongString {
  /** Of what stands between its quotes. */
  readonly start: number;
  readonly end: number;
}

/**
 * As `JSON.parse` of a text whose bulk is in a few strings, and holds the thread for no longer than one piece of them
 * takes: a whole artifact would hold it for a hundred milliseconds.
 */
export async function parseInPieces(json: Buffer): Promise<unknown> {
  // Nothing in the text can be taken for it.
  const mark = randomUUID();
  const texts: string[] = [];
  const rest: string[] = [];
  let at = 0;
  for (const { start, end } of await findLongStrings(json)) {
    rest.push(json.toString('utf8', at, start), `${mark}${texts.length}`);
    texts.push(await readString(json, start, end));
    at = end;
  }
  rest.push(json.toString('utf8', at));
  return JSON.parse(rest.join(''), (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark) ? texts[Number(value.slice(mark.length))] : value,
  );
}

async function findLongStrings(json: Buffer): Promise<readonly LongString[]> {
  const found: LongString[] = [];
  let start = -1;
  let quotes = 0;
  for (let at = json.indexOf(QUOTE); at !== -1; at = json.indexOf(QUOTE, at + 1)) {
    quotes += 1;
    if (quotes % QUOTES_AT_ONCE === 0) await nextTurn();
    if (start === -1) start = at + 1;
    else if (!isEscaped(json, at, start)) {
      if (at - start > PIECE_BYTES) found.push({ start, end: at });
      start = -1;
    }
  }
  return found;
}

function isEscaped(json: Buffer, at: number, start: number): boolean {
  let before = at;
  while (before > start && json[before - 1] === BACKSLASH) before -= 1;
  return (at - before) % 2 === 1;
}

async function readString(json: Buffer, start: number, end: number): Promise<string> {
  const pieces: string[] = [];
  for (let from = start; from < end; ) {
    const to = from + PIECE_BYTES < end ? cutAt(json, from, from + PIECE_BYTES) : end;
    pieces.push(JSON.parse(`"${json.toString('utf8', from, to)}"`));
    from = to;
    await nextTurn();
  }
  return pieces.join('');
}

/** The first place from `to` on that is inside of no escape and of no character. */
function cutAt(json: Buffer, from: number, to: number): number {
  const piece = json.subarray(from, to);
  let next = 0;
  for (let at = piece.indexOf(BACKSLASH); at !== -1; at = piece.indexOf(BACKSLASH, next))
    next = at + (json[from + at + 1] === LETTER_U ? UNICODE_ESCAPE_BYTES : ESCAPE_BYTES);
  let cut = Math.max(to, from + next);
  while (((json[cut] ?? 0) & 0xc0) === 0x80) cut += 1;
  return cut;
}

async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
